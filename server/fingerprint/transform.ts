/**
 * The transform of blocks of 8×8 samples: an integer DCT.
 *
 * Source: ITU-T H.265 (04/2013), 8.6.4.2, the 8×8 core transform, whose rows are those of the DCT times 64·√8 rounded to integers by hand so that
 * they stay orthogonal. Integers of 32 bits only, so that every machine computes the same.
 */

/** Samples in a block. */
export const BLOCK = 64

/** Coefficients are 16 times those of the orthonormal DCT. */
export const GAIN = 16

/** Row-major index of the coefficients from low to high frequency, as in JPEG (ITU-T T.81, figure A.6). */
export const ZIGZAG = zigzag()

function zigzag(): Uint8Array {
  const order: number[] = []
  for (let sum = 0; sum < 15; sum++)
    for (let i = 0; i <= sum; i++) {
      const [row, column] = sum % 2 ? [i, sum - i] : [sum - i, i]
      if (row < 8 && column < 8) order.push(row * 8 + column)
    }
  return Uint8Array.from(order)
}
