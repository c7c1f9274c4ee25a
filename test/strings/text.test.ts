import { expect } from 'chai'
import fc from 'fast-check'
import { escapeUnprintable, inSentence, printable, toJson } from '../../server/text.ts'
import { OBEYED, TEXTS } from './stranger.ts'

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.constantFrom(...TEXTS))

describe('text of strangers', () => {
  it('on a line is one line, and holds nothing that is obeyed', () => {
    fc.assert(fc.property(anyText, (text) => void expect(printable(text)).not.to.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)))
  })

  it('in JSON reads back as it was, indented or not, and holds nothing that is obeyed', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom(undefined, 2), (text, indent) => {
        const json = toJson({ [text]: [text] }, indent)
        expect(JSON.parse(json)).to.deep.equal(JSON.parse(JSON.stringify({ [text]: [text] })))
        expect(json).not.to.match(OBEYED)
      }),
    )
  })

  it('in a line of the log is the same JSON', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const line = `${JSON.stringify({ text })}\n`
        const escaped = escapeUnprintable(line)
        expect(JSON.parse(escaped)).to.deep.equal(JSON.parse(line))
        expect(escaped.indexOf('\n')).to.equal(escaped.length - 1)
      }),
    )
  })

  it('in a sentence ends no quotation, is well-formed, and not longer than it may be', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 200 }), (text, max) => {
        const told = inSentence(text, max)
        expect(told).not.to.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}"“”„‟«»]/u)
        expect(told.isWellFormed()).to.equal(true)
        expect([...told].length).to.be.at.most(max)
      }),
    )
  })

  it('that harms nobody stays as it is', () => {
    for (const text of ['Hills by the water', 'مرحبا', '北京', "it's"]) {
      expect(printable(text)).to.equal(text)
      expect(inSentence(text)).to.equal(text)
      expect(toJson(text)).to.equal(JSON.stringify(text))
    }
  })
})
