/** CARs that hurt once, or that are made as those were. */
import { varint } from 'multiformats'

/** @param cars whole ones. */
export function corpus(cars: Buffer[]): { name: string; bytes: Buffer }[] {
  return cars.flatMap((car) => {
    const head = headerLength(car)
    const first = sectionLength(car, head)
    const again = car.subarray(head, head + first)
    return [
      // A failure of the server: the second file of one name could not be written.
      { name: 'its first block twice', bytes: Buffer.concat([car, again]) },
      { name: 'all of it twice', bytes: Buffer.concat([car, car.subarray(head)]) },
      { name: 'its root a thousand times', bytes: Buffer.concat([car, ...Array<Buffer>(1_000).fill(again)]) },
      { name: 'a section of no bytes', bytes: Buffer.concat([car, Buffer.of(0)]) },
      { name: 'a section of a byte', bytes: Buffer.concat([car, Buffer.of(1, 1)]) },
      { name: 'two headers', bytes: Buffer.concat([car.subarray(0, head), car]) },
    ]
  })
}

const headerLength = (car: Buffer) => sectionLength(car, 0)

function sectionLength(car: Buffer, at: number): number {
  const [length, prefix] = varint.decode(car, at)
  return length + prefix
}
