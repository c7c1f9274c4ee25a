/** @param part 0 to 1. @returns the smallest value that so large a part does not exceed; NaN of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN
}

export const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

export const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
export const milliseconds = (ms: number) => `${Math.round(ms)} ms`
