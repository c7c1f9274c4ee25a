/** Queries and parameters against their shapes. */
import type { Request } from 'express'
import type * as z from 'zod'
import { describeIssues, RegistryError } from '../errors.ts'

/** @throws RegistryError `request.invalid` that names the parameter and what is expected of it. */
export function parse<T extends z.ZodType>(shape: T, value: unknown): z.infer<T> {
  const read = shape.safeParse(value)
  if (!read.success) throw new RegistryError('request.invalid', describeIssues(read.error))
  return read.data
}

/** A path parameter, which Express has made sure is there. */
export function param(request: Request, name: string): string {
  return String(request.params[name])
}
