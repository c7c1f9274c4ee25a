/** What chance alone would do. */

/** Points that a similarity is told by. */
const TOLD_BY = 2

/** log₁₀ of how many maps with at least `inliers` of `links` are expected if each link agrees by chance with probability `p`: the number
 *  of maps that could be tried, times the tail of the binomial distribution, without the links that tell the map. */
export function expectedByChance(links: number, inliers: number, p: number): number {
  const tried = 2 * Math.log10(links)
  return tried + logTail(links - TOLD_BY, inliers - TOLD_BY, p)
}

/** log₁₀ of the probability of at least k successes in n trials. */
function logTail(n: number, k: number, p: number): number {
  if (k <= 0) return 0
  let sum = 0
  // Terms relative to the first, which is the largest wherever the answer matters.
  for (let i = k, term = 1; i <= n && term > 1e-12 * sum; i++) {
    sum += term
    term *= ((n - i) / (i + 1)) * (p / (1 - p))
  }
  const first = logChoose(n, k) + k * Math.log10(p) + (n - k) * Math.log10(1 - p)
  return Math.min(0, first + Math.log10(sum))
}

function logChoose(n: number, k: number): number {
  let sum = 0
  for (let i = 1; i <= k; i++) sum += Math.log10((n - k + i) / i)
  return sum
}
