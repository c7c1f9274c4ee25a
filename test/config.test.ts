import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { environment, isLoopback, nodeUrls, readConfig } from '../server/config.ts'
import { RegistryError } from '../server/errors.ts'

const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8')
const entries = [...example.matchAll(/^# (.+)\n# ([A-Z_]+)=(.*)$/gm)].map(([, description, name, value]) => ({
  name: name!,
  description,
  value,
}))
/** What depends on the machine has no default to write down. */
const OF_THE_MACHINE = ['DECODERS']

function refusal(env: Record<string, string>): RegistryError {
  try {
    readConfig(env)
  } catch (error) {
    expect(error).to.be.instanceOf(RegistryError)
    return error as RegistryError
  }
  throw new Error(`accepted ${JSON.stringify(env)}`)
}

describe('.env.example', () => {
  it('has each variable once, in the order of the code, and no other', () => {
    expect(entries.map(({ name }) => name)).to.deep.equal(Object.keys(environment.shape))
    expect(example.match(/^# [A-Z_]+=/gm)).to.have.length(entries.length)
  })

  const defaults = environment.parse({})
  for (const { name, description, value } of entries) {
    const key = name as keyof typeof defaults
    it(`describes ${name} as the code does, with its default`, () => {
      expect(description).to.equal(environment.shape[key].description)
      if (!OF_THE_MACHINE.includes(name)) expect(value).to.equal(String(defaults[key] ?? ''))
    })
  }

  it('sets nothing: all of it is comment', () => {
    expect(example.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).to.deep.equal([])
  })
})

describe('readConfig', () => {
  it('takes an empty or blank variable for none', () => {
    const { version: _, ...none } = readConfig({})
    const blank = Object.fromEntries(Object.keys(environment.shape).map((name, i) => [name, i % 2 ? '' : ' ']))
    expect(readConfig(blank)).to.deep.include(none)
  })

  it('knows the version of the package', () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    expect(readConfig({}).version).to.equal(version)
  })

  for (const [name, value] of [
    ['PORT', 'eighty'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['DECODERS', '0'],
    ['LOG_LEVEL', 'loud'],
    ['MEDIA_REGISTRY', '0x1234'],
    ['LOOKUP_TTL_S', '59'],
    ['FETCH_ALLOW', 'localhost'],
    ['FETCH_ALLOW', 'localhost:80 example.org:80'],
    ['FETCH_ALLOW', 'http://localhost:80'],
    ['GATEWAYS', 'ipfs.example'],
    ['GATEWAYS', 'https://a.example,ftp://b.example'],
  ] as const)
    it(`refuses ${name}=${value} with name and value`, () => {
      expect(refusal({ [name]: value }).message).to.match(new RegExp(`^${name}: .*, got "${value}"$`))
    })

  it('names every variable that is wrong', () => {
    expect(refusal({ PORT: 'x', DECODERS: 'y' }).message).to.match(/PORT: .*; DECODERS: /)
  })

  for (const [name, value] of [
    ['DATABASE_URL', 'mysql://user:secret@host/db'],
    ['RPC_URL', 'wss://node.example/secret'],
    ['RPC_URL', 'secret'],
    ['RPC_URL', 'https://node.example/secret, ftp://node.example/secret'],
    ['FIRSTHAND_SERVER', 'ftp://user:secret@host'],
  ] as const)
    it(`refuses ${name} as ${value.split(':')[0]} without repeating what may be secret`, () => {
      const error = refusal({ [name]: value })
      expect(error.message).to.contain(`${name}: `)
      expect(`${error.message} ${error.stack}`).not.to.contain('secret')
    })

  it('tells nodes that are asked from those that tell of blocks', () => {
    expect(nodeUrls('https://a.example/key, wss://a.example/key\n http://b.example')).to.deep.equal({
      http: ['https://a.example/key', 'http://b.example'],
      ws: ['wss://a.example/key'],
    })
  })

  it('asks for both contracts with RPC_URL', () => {
    const address = `0x${'1'.repeat(40)}`
    const rpc = { RPC_URL: 'http://127.0.0.1:8545' }
    for (const env of [rpc, { ...rpc, MEDIA_REGISTRY: address }, { ...rpc, PUBLISHER_REGISTRY: address }])
      expect(refusal(env)).to.include({ code: 'request.invalid' }).with.property('message').contains('MEDIA_REGISTRY')
    expect(() => readConfig({ ...rpc, MEDIA_REGISTRY: address, PUBLISHER_REGISTRY: address })).not.to.throw()
  })

  it('calls a server local that listens on a loopback address only', () => {
    for (const host of ['127.0.0.1', '127.9.9.9', 'localhost', '::1']) expect(isLoopback(host), host).to.equal(true)
    for (const host of ['0.0.0.0', '::', '192.168.0.1', '127.0.0.1.example.org', 'localhost.example.org', '1127.0.0.1'])
      expect(isLoopback(host), host).to.equal(false)
    expect(readConfig({ HOST: '0.0.0.0' }).loopback).to.equal(false)
    expect(readConfig({}).loopback).to.equal(true)
  })
})
