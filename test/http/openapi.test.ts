import { expect } from 'chai'
import type { Router } from 'express'
import { openApi } from '../../server/http/openapi.ts'
import { type Served, serve } from './harness.ts'

type Json = Record<string, unknown>
interface Operation {
  parameters?: { name: string; in: string; schema: Json }[]
  responses: Record<string, Json>
}

const document = openApi('1.2.3') as {
  openapi: string
  info: Json
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Json> }
}
const METHODS = ['get', 'post', 'put', 'delete', 'patch']

/** For people, with nothing to describe to a program. */
const PAGES = ['/', '/assets/*path', '/openapi.json']

const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => item[method]).map((method) => ({ path, method, operation: item[method]!, item })),
)

function refsIn(value: unknown): string[] {
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' ? [String(inner)] : refsIn(inner)))
}

/** Every route that Express would try, in the notation of OpenAPI. */
function routesOf(router: Router, base = ''): string[] {
  return router.stack.flatMap((layer) => {
    if (!layer.route) return []
    const { path, methods } = layer.route as unknown as { path: string; methods: Record<string, boolean> }
    const full = `${base}${path}`.replace(/(.)\/$/, '$1').replace(/:(\w+)/g, '{$1}')
    return METHODS.filter((method) => methods[method]).map((method) => `${method} ${full}`)
  })
}

const matches = (layer: unknown, path: string) => (layer as { match(path: string): unknown }).match(path)

describe('the OpenAPI document', () => {
  let server: Served
  before(async () => {
    server = await serve()
  })
  after(() => server.close())

  it('is served, of version 3.1', async () => {
    const served = await (await fetch(`${server.url}/openapi.json`)).json()
    expect(served).to.deep.equal(JSON.parse(JSON.stringify(document)))
    expect(document.openapi).to.equal('3.1.0')
    expect(document.info).to.include.keys('title', 'version', 'license')
  })

  it('refers to nothing that is not in it', () => {
    const refs = new Set(refsIn(document))
    expect(
      [...refs].filter((ref) => !document.components.schemas[ref.replace('#/components/schemas/', '')]),
    ).to.deep.equal([])
    expect(refs.size).to.be.above(5)
  })

  it('uses each schema that it defines', () => {
    const used = refsIn(document.paths).map((ref) => ref.replace('#/components/schemas/', ''))
    expect(Object.keys(document.components.schemas).filter((name) => !used.includes(name))).to.deep.equal([])
  })

  it('holds what every tool asks of it: no $defs, no $schema, no empty answer', () => {
    expect(JSON.stringify(document)).not.to.match(/"\$(?:defs|schema)"/)
    for (const { path, method, operation } of operations) {
      expect(operation, `${method} ${path}`).to.have.property('summary').that.is.a('string')
      expect(Object.keys(operation.responses)).to.include('default').and.to.have.length.above(1)
      for (const answer of Object.values(operation.responses)) expect(answer).to.have.property('description')
    }
  })

  it('describes each parameter of a path, and none that is not in it', () => {
    for (const { path, operation, item } of operations) {
      const described = [
        ...((item.parameters as unknown as Operation['parameters']) ?? []),
        ...(operation.parameters ?? []),
      ]
      const inPath = described.filter((parameter) => parameter.in === 'path').map(({ name }) => name)
      expect(inPath, path).to.have.members([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
      for (const parameter of described) expect(parameter.schema, `${path} ${parameter.name}`).to.be.an('object')
    }
  })

  it('has every route of the server, and no other', async () => {
    const { router } = server.app as unknown as { router: Router }
    const mounted = router.stack.filter((layer) => !layer.route && 'stack' in (layer.handle as object))
    const bases = ['/v1/lookups', '/v1', '/ipfs', '/docs']
    expect(mounted, 'a router was added: name its base here').to.have.length(bases.length)
    for (const [i, base] of bases.entries()) expect(matches(mounted[i]!, `${base}/x`), base).to.be.ok
    const routes = [
      ...routesOf(router).filter((route) => !PAGES.includes(route.split(' ')[1]!)),
      ...mounted.slice(0, 3).flatMap((layer, i) => routesOf(layer.handle as unknown as Router, bases[i])),
    ]
    expect(routes).to.have.members(operations.map(({ path, method }) => `${method} ${path}`))
  })
})
