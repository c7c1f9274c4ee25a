/** What so many failures in so many trials say of the rate behind them. Pure. */

/** Upper end of the one-sided exact interval (Clopper and Pearson 1934): the rate at which so few failures or fewer still happen with probability
 *  1 − `confidence`. Without failures about 3/`trials` at 95 %, the rule of three.
 * @param failures 0 to `trials`, whole. @returns a rate, 0 to 1. @throws RangeError if there are more failures than trials. */
export function upperBound(failures: number, trials: number, confidence = 0.95): number {
  if (!(failures >= 0 && failures <= trials)) throw new RangeError(`expected 0 to ${trials} failures, got ${failures}`)
  if (failures === trials) return 1
  let [low, high] = [failures / trials, 1]
  // Far below the precision of what is printed.
  for (let i = 0; i < 200 && high - low > 1e-9 * high; i++) {
    const rate = (low + high) / 2
    if (atMost(failures, trials, rate) > 1 - confidence) low = rate
    else high = rate
  }
  return high
}

/** Probability of at most so many failures at a rate. */
function atMost(failures: number, trials: number, rate: number): number {
  const odds = Math.log(rate) - Math.log1p(-rate)
  let logTerm = trials * Math.log1p(-rate)
  let sum = Math.exp(logTerm)
  for (let k = 1; k <= failures; k++) {
    logTerm += Math.log((trials - k + 1) / k) + odds
    sum += Math.exp(logTerm)
  }
  return sum
}
