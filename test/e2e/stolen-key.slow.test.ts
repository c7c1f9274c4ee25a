/** A key is stolen, then custody: what the command, the API and the page say at each step, on both kinds of node. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { HDNodeWallet } from 'ethers'
import type { Browser } from 'playwright-core'
import sharp from 'sharp'
import { toHex0x } from '../../server/bytes.ts'
import type { LookupView, NetworkView, PublisherView, WholeRecordView } from '../../server/registry/index.ts'
import { deployTo } from '../chain/local-network.ts'
import { until } from '../chain/until.ts'
import { CHROMIUM, launch } from '../web/browser.ts'
import { hasAnvil, startAnvil } from './anvil.ts'
import { ROOT, run, type ServerProcess, startServerProcess, temporaryFolder } from './server.ts'

/** Of Hardhat's documentation; both kinds of node give these accounts money. */
const PHRASE = 'test test test test test test test test test test test junk'
const [CUSTODY, STOLEN, SPARE, RECOVERY, THIEF, NEXT] = [2, 3, 4, 5, 6, 7].map((index) =>
  HDNodeWallet.fromPhrase(PHRASE, '', `m/44'/60'/0'/0/${index}`),
) as [HDNodeWallet, HDNodeWallet, HDNodeWallet, HDNodeWallet, HDNodeWallet, HDNodeWallet]

const HILLS = join(ROOT, 'examples/hills.jpg')
const CROSSING = join(ROOT, 'examples/crossing.mp4')

describe('a stolen key', () => {
  tell('on a local Hardhat network', async (dataDir) => ({
    server: await startServerProcess(dataDir),
    end: async () => {},
  }))

  if (hasAnvil) tell('on anvil', startOnAnvil)
  else it('on anvil: not tested, there is no anvil on the PATH')
})

interface Started {
  server: ServerProcess
  /** Where the server does not tell it. */
  rpcUrl?: string
  end(): Promise<void>
}

async function startOnAnvil(dataDir: string): Promise<Started> {
  const anvil = await startAnvil()
  const { publisherRegistry, mediaRegistry } = await deployTo(anvil.url)
  const server = await startServerProcess(dataDir, [], {
    RPC_URL: anvil.url,
    PUBLISHER_REGISTRY: toHex0x(publisherRegistry),
    MEDIA_REGISTRY: toHex0x(mediaRegistry),
  })
  return { server, rpcUrl: anvil.url, end: anvil.stop }
}

function tell(name: string, start: (dataDir: string) => Promise<Started>): void {
  describe(name, () => {
    const folder = temporaryFolder()
    let server: ServerProcess
    let end = async () => {}
    let browser: Browser | null = null
    let chain: Record<string, string>
    let publisher: string
    let fake: string
    const ids: Record<'before' | 'fake' | 'own', string> = { before: '', fake: '', own: '' }

    before(async () => {
      const started = await start(folder.path)
      ;({ server, end } = started)
      browser = CHROMIUM ? await launch() : null
      const status = await get<NetworkView>('/v1/status')
      chain = {
        RPC_URL: status.rpcUrl ?? started.rpcUrl ?? '',
        PUBLISHER_REGISTRY: status.publisherRegistry,
        MEDIA_REGISTRY: status.mediaRegistry,
      }
      fake = join(folder.path, 'fake.png')
      const patch = { create: { width: 40, height: 40, channels: 3, background: '#a33' } } as const
      const face = await sharp(patch).png().toBuffer()
      writeFileSync(
        fake,
        await sharp(readFileSync(HILLS))
          .composite([{ input: face, left: 300, top: 330 }])
          .png()
          .toBuffer(),
      )
    })
    after(async () => {
      await browser?.close()
      await server?.stop()
      await end()
      folder.remove()
    })

    const get = async <T>(path: string) => (await (await fetch(server.url + path)).json()) as T
    const record = (id: string) => get<WholeRecordView>(`/v1/records/${id}`)
    const publisherView = () => get<PublisherView>(`/v1/publishers/${publisher}`)

    /** Runs the command as somebody. */
    async function as(who: HDNodeWallet, ...args: string[]): Promise<Record<string, string>> {
      const settings = { ...chain, FIRSTHAND_KEY: who.privateKey, FIRSTHAND_PUBLISHER: publisher ?? '' }
      const { code, stdout, stderr } = await run([...args, '--json'], { server: server.url, settings })
      expect(code, `${args.join(' ')}: ${stderr}`).to.equal(0)
      return JSON.parse(stdout)
    }
    const manage = (who: HDNodeWallet, ...args: string[]) => {
      const [first = '', ...rest] = args
      return as(who, 'publisher', '--publisher', publisher, first, ...rest)
    }
    const register = async (who: HDNodeWallet, file: string, title: string) =>
      (await as(who, 'register', file, '--title', title)).recordId!

    async function lookup(file: string): Promise<LookupView> {
      const body = readFileSync(file)
      return (await (await fetch(`${server.url}/v1/lookups`, { method: 'POST', body })).json()) as LookupView
    }

    /** Until the index has come to it. */
    const comesTo = async (id: string, state: string) => {
      let last = ''
      await until(
        async () => {
          last = (await record(id)).state
          return last === state
        },
        () => `${id} is ${last}, expected ${state}`,
      )
    }

    /** What the page's list says of a record, by its title. */
    async function onPage(title: string): Promise<string> {
      if (!browser) return ''
      const page = await browser.newPage()
      await page.goto(server.url)
      const item = page.locator('.record-list > li', { hasText: title }).first()
      const text = await item.innerText()
      await page.close()
      return text
    }
    const pageSays = async (title: string, pattern: RegExp) => {
      if (browser) expect(await onPage(title)).to.match(pattern)
    }

    it('a newsroom creates its publisher, adds two keys with their consent, and registers a picture', async () => {
      publisher = String(
        (await as(CUSTODY, 'publisher', 'create', '--name', 'Newsroom', '--recovery', RECOVERY.address)).publisher,
      )
      for (const key of [STOLEN, SPARE]) {
        const consent = join(folder.path, 'consent.json')
        writeFileSync(consent, JSON.stringify(await manage(key, 'key', 'consent')))
        await manage(CUSTODY, 'key', 'add', consent)
      }
      ids.before = await register(STOLEN, HILLS, 'Before the theft')
      expect((await record(ids.before)).state).to.equal('active')
      expect((await publisherView()).keys.map(({ disowned }) => disowned)).to.deep.equal([null, null])
      await sleep(1_100)
    })

    it('a thief with one key registers a fake and revokes the picture, and nobody can tell yet', async () => {
      ids.fake = await register(STOLEN, fake, 'The fake')
      await as(STOLEN, 'revoke', ids.before)
      await comesTo(ids.before, 'revoked')
      expect((await record(ids.fake)).state).to.equal('active')
      ids.own = await register(STOLEN, CROSSING, 'After the theft')
      await pageSays('Before the theft', /Revoked on/)
    })

    it('custody declares the key: the fake is disowned, the revocation falls away, what came before stands', async () => {
      const since = (await record(ids.fake)).registeredAt
      await manage(CUSTODY, 'key', 'compromised', STOLEN.address, '--since', since, '--yes')
      await comesTo(ids.fake, 'disowned')
      const [before, thiefs] = [await record(ids.before), await record(ids.fake)]
      expect(before).to.deep.include({ state: 'active', revocation: null, disowned: null })
      expect(before.changes.map(({ change, disowned }) => [change, disowned?.since])).to.deep.equal([
        ['revoked', since],
      ])
      expect(thiefs.disowned!.since).to.equal(since)
      expect(thiefs.disowned!.declaredAt > since).to.equal(true)
      const key = (await publisherView()).keys.find(({ address }) => address === STOLEN.address.toLowerCase())!
      expect(key.disowned).to.deep.equal(thiefs.disowned)
      expect(key.endedAt).to.equal(thiefs.disowned!.declaredAt)
      await pageSays('The fake', /Disowned\. Its publisher declared the key/)
      const shown = await run(['record', ids.fake], { server: server.url })
      expect(shown.stdout).to.match(/state {6}disowned[\s\S]*void: compromised since/)
    })

    it('a lookup of the fake leads to the picture, and names the disowned record in words', async () => {
      const { verdict, matches, conflict, summary } = await lookup(fake)
      expect(verdict).to.equal('altered')
      expect(matches.map(({ recordId, state }) => [recordId, state])).to.deep.equal([
        [ids.before, 'active'],
        [ids.fake, 'disowned'],
      ])
      expect(conflict!.recordId).to.equal(ids.fake)
      expect(summary).to.match(
        /“Before the theft”, registered by Newsroom \(unverified\).*registered exactly these bytes.*has disowned/,
      )
    })

    it('the newsroom registers its own record of that time again, with the other key', async () => {
      expect((await record(ids.own)).state).to.equal('disowned')
      expect(await register(SPARE, CROSSING, 'After the theft')).to.equal(ids.own)
      const own = await record(ids.own)
      expect(own).to.deep.include({ state: 'active', disowned: null, signer: SPARE.address.toLowerCase() })
      expect(own.anchors.map(({ signer, disowned }) => [signer, disowned !== null])).to.deep.equal([
        [STOLEN.address.toLowerCase(), true],
        [SPARE.address.toLowerCase(), false],
      ])
      expect((await lookup(CROSSING)).matches[0]).to.include({ relation: 'identical', state: 'active' })
      await pageSays('After the theft', /^(?![\s\S]*Disowned)/)
    })

    it('the ended key can do nothing any more', async () => {
      const settings = { ...chain, FIRSTHAND_KEY: STOLEN.privateKey, FIRSTHAND_PUBLISHER: publisher }
      const { code, stderr } = await run(['revoke', ids.own], { server: server.url, settings })
      expect(code).to.equal(1)
      expect(stderr).to.match(/is not a live key of publisher/)
    })

    it('custody is stolen too: the thief revokes, hands on what it stole, and declares it late to protect what it did', async () => {
      await as(CUSTODY, 'revoke', ids.own)
      await comesTo(ids.own, 'revoked')
      await sleep(1_100)
      await manage(CUSTODY, 'custody', 'offer', THIEF.address)
      await manage(THIEF, 'custody', 'accept')
      await manage(THIEF, 'recovery', 'change', THIEF.address)
      await sleep(1_100)
      const late = (await publisherView()).formerCustody[0]!.until
      await manage(THIEF, 'key', 'compromised', CUSTODY.address, '--since', late, '--yes')
      await until(
        async () => (await publisherView()).formerCustody[0]!.disowned !== null,
        () => 'the thief has declared the stolen account',
      )
      expect((await record(ids.own)).state).to.equal('revoked')
    })

    it('recovery moves custody, and what the thief did as custody is void in spite of that', async () => {
      const revokedAt = (await record(ids.own)).revocation!.at
      const { code, stderr } = await run(
        ['publisher', '--publisher', publisher, 'custody', 'recover', STOLEN.address],
        {
          server: server.url,
          settings: { ...chain, FIRSTHAND_KEY: RECOVERY.privateKey, FIRSTHAND_PUBLISHER: publisher },
        },
      )
      expect([code, stderr]).to.satisfy(([c, text]: [number, string]) => c === 1 && /choose a fresh account/.test(text))
      await manage(RECOVERY, 'custody', 'recover', NEXT.address)
      await manage(NEXT, 'custody', 'accept')
      await until(
        async () => (await publisherView()).custody === NEXT.address.toLowerCase(),
        () => 'custody has moved',
      )
      const view = await publisherView()
      expect(view).to.deep.include({
        recovery: RECOVERY.address.toLowerCase(),
        recoveryChange: null,
        recoveryOfferedTo: null,
      })
      expect(view.formerCustody.map(({ address }) => address)).to.deep.equal(
        [CUSTODY, THIEF].map(({ address }) => address.toLowerCase()),
      )
      await manage(NEXT, 'key', 'compromised', THIEF.address, CUSTODY.address, '--since', revokedAt, '--yes')
      await comesTo(ids.own, 'active')
      const [custody, thief] = (await publisherView()).formerCustody
      expect(custody!.disowned).to.include({ since: revokedAt, declaredBy: NEXT.address.toLowerCase() })
      expect(thief!.disowned!.contested).to.equal(false)
      const { changes } = await record(ids.own)
      expect(changes.map(({ change, disowned }) => [change, disowned?.declaredBy])).to.deep.include([
        'revoked',
        NEXT.address.toLowerCase(),
      ])
      await pageSays('After the theft', /^(?![\s\S]*Revoked)/)
      const shown = await run(['publisher', publisher], { server: server.url })
      expect(shown.stdout).to.match(new RegExp(`former {4}custody ${THIEF.address.toLowerCase()} .*compromised since`))
    })

    it('a request that a key signed and nobody sent is cancelled by the key itself or by custody, and by nobody else', async () => {
      for (const who of [SPARE, NEXT]) {
        const { done } = await manage(who, 'key', 'cancel', SPARE.address, '7', '0xff')
        expect(done).to.equal(`nonces 7, 255 of ${SPARE.address.toLowerCase()} cancelled`)
      }
      const { code, stderr } = await run(['publisher', '--publisher', publisher, 'key', 'cancel', SPARE.address, '7'], {
        server: server.url,
        settings: { ...chain, FIRSTHAND_KEY: THIEF.privateKey, FIRSTHAND_PUBLISHER: publisher },
      })
      expect([code, stderr]).to.satisfy(([c, text]: [number, string]) => c === 1 && /CallerMayNotCancel/.test(text))
    })

    it('and the newsroom goes on', async () => {
      await as(SPARE, 'supersede', ids.own, ids.before)
      await comesTo(ids.own, 'superseded')
      expect((await record(ids.own)).supersession!.record).to.equal(ids.before)
      await pageSays('After the theft', /Superseded on/)
    })
  })
}
