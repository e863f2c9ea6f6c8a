/** A ZIP container of one file, written as streams write it: sizes behind the data, not before it (APPNOTE 4.3.9). */
import { crc32, deflateRawSync } from 'node:zlib'

const SIZES_FOLLOW = 8
const DEFLATED = 8

export function zipOf(name: string, file: Buffer): Buffer {
  const data = deflateRawSync(file)
  const title = Buffer.from(name)
  const sizes = numbers([4, crc32(file)], [4, data.length], [4, file.length])
  const shared = [
    [2, 20],
    [2, SIZES_FOLLOW],
    [2, DEFLATED],
    [4, 0],
  ] as Field[]
  const local = [
    numbers([4, 0x04034b50], ...shared, [4, 0], [4, 0], [4, 0], [2, title.length], [2, 0]),
    title,
  ]
  const body = Buffer.concat([...local, data, numbers([4, 0x08074b50]), sizes])
  const central = Buffer.concat([
    numbers([4, 0x02014b50], [2, 20], ...shared),
    sizes,
    numbers([2, title.length], [4, 0], [4, 0], [4, 0], [4, 0]),
    title,
  ])
  const end = numbers([4, 0x06054b50], [4, 0], [2, 1], [2, 1], [4, central.length], [4, body.length], [2, 0])
  return Buffer.concat([body, central, end])
}

type Field = [bytes: 2 | 4, value: number]

function numbers(...fields: Field[]): Buffer {
  const made = fields.map(([bytes, value]) => {
    const field = Buffer.alloc(bytes)
    field.writeUIntLE(value >>> 0, 0, bytes)
    return field
  })
  return Buffer.concat(made)
}
