/** What must hold of the dependencies so that `npm ci` installs all of them, everywhere, and runs none of their code. */
import { readFileSync } from 'node:fs'
import { expect } from 'chai'

interface Entry {
  version?: string
  optional?: boolean
  dev?: boolean
  engines?: Record<string, string>
  hasInstallScript?: boolean
}

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
const entries = Object.entries((JSON.parse(read('package-lock.json')) as { packages: Record<string, Entry> }).packages)
const named = (pattern: RegExp) => entries.filter(([path]) => pattern.test(path))
const manifest = JSON.parse(read('package.json')) as Record<
  'dependencies' | 'devDependencies' | 'optionalDependencies',
  Record<string, string>
>

/** Packages that would like to run a script when installed. Each does without: what it brings is in platform packages, or is
 *  optional there. Look before you add one. */
const SCRIPTS_NOT_NEEDED = ['@scarf/scarf', 'esbuild', 'node-av']

describe('package-lock.json', () => {
  it("has Hardhat's native part without engines, which npm on Node 20 would drop", () => {
    const edr = named(/^node_modules\/@nomicfoundation\/edr/)
    expect(edr.map(([path]) => path)).to.include.members([
      'node_modules/@nomicfoundation/edr',
      'node_modules/@nomicfoundation/edr-linux-x64-gnu',
    ])
    const refused = edr.filter(([, { engines }]) => engines).map(([path]) => path)
    expect(refused, 'run `node scripts/cure-lock.mjs`').to.deep.equal([])
  })

  it('names no package with an install script that we have not looked at', () => {
    const scripted = entries.filter(([, { hasInstallScript }]) => hasInstallScript)
    const names = new Set(scripted.map(([path]) => path.replace(/^.*node_modules\//, '')))
    expect([...names].sort()).to.deep.equal(SCRIPTS_NOT_NEEDED)
  })

  it('names the version of every package that it installs', () => {
    const links = named(/node_modules/).filter(([, { version }]) => !version)
    expect(links.map(([path]) => path)).to.deep.equal([])
  })
})

describe('.npmrc', () => {
  it('turns install scripts off', () => {
    expect(read('.npmrc')).to.match(/^ignore-scripts=true$/m)
  })
})

describe('package.json', () => {
  it('names exact versions of all that runs and of all that decides what is built or formatted', () => {
    const types = /^@types\//
    const all = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.devDependencies }
    const loose = Object.entries(all).filter(([name, version]) => !types.test(name) && !/^\d+\.\d+\.\d+$/.test(version))
    expect(loose).to.deep.equal([])
    expect(manifest.devDependencies).to.include.keys('hardhat', '@nomicfoundation/hardhat-ethers', '@biomejs/biome')
  })

  it('asks for the versions that the lock installs', () => {
    const all = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.devDependencies }
    const locked = new Map(entries.map(([path, { version }]) => [path, version]))
    const other = Object.entries(all)
      .filter(([, version]) => /^\d/.test(version))
      .filter(([name, version]) => locked.get(`node_modules/${name}`) !== version)
    expect(other).to.deep.equal([])
  })
})
