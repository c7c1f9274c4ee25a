/** Lookups on a catalogue in memory. */
import { RegistryError } from '../../server/errors.ts'
import type { Fingerprint } from '../../server/fingerprint/index.ts'
import { createMatcher, examineFilm, examinePicture, examineSound } from '../../server/matching/index.ts'
import { createAdmission } from '../../server/registry/admission.ts'
import { createFilmLookup } from '../../server/registry/films.ts'
import { createJudge } from '../../server/registry/judge.ts'
import { createLookups, type Decode } from '../../server/registry/lookups.ts'
import { createPictureLookup } from '../../server/registry/pictures.ts'
import { createQuota } from '../../server/registry/quota.ts'
import { createSoundLookup } from '../../server/registry/sounds.ts'
import { createStillLookup } from '../../server/registry/stills.ts'
import { createStretches } from '../../server/registry/stretches.ts'
import { createSync } from '../../server/registry/sync.ts'
import type { LookupOptions } from '../../server/registry/views.ts'
import { DEPLOYMENT, memoryBlocks, memoryCatalogue } from './fakes.ts'

export const HOUR = 3_600
export const NOW = 1_800_000_000

export const ME = { key: 'me', limited: true }

export function lookupsOf(
  decode: Decode = () => Promise.reject(new Error('nothing to decode')),
  { places = 4, perClient = 9, inMemory = 9, trusted = [] as number[] } = {},
) {
  const [catalogue, matcher, blocks] = [memoryCatalogue(), createMatcher(), memoryBlocks()]
  const errors: { error: unknown; instance: string | undefined }[] = []
  const onError = (error: unknown, instance?: string) => errors.push({ error, instance })
  const sync = createSync({ deployment: DEPLOYMENT, catalogue, blocks, matcher, onError })
  const admission = createAdmission({ places })
  const ofLookups = (total: number) => createQuota({ what: 'lookups', total, perClient, retryAfterS: () => 3 })
  const [quota, fingerprints] = [ofLookups(10), ofLookups(inMemory)]
  const lookups = createLookups({
    remote: { check: () => {}, fetch: () => Promise.reject(new Error('nothing is fetched here')) },
    decode,
    prepare: () => {},
    admission,
    quota,
    fingerprints,
    judge: createJudge({
      sounds: createSoundLookup({
        matcher,
        blocks,
        examineSound: async (candidate, original, proposals) => examineSound(candidate, original, proposals),
        trusted: new Set(trusted),
      }),
      pictures: createPictureLookup({
        matcher,
        blocks,
        examine: async (candidate, originals) => examinePicture(candidate, originals),
        trusted: new Set(trusted),
      }),
      stills: createStillLookup({
        matcher,
        blocks,
        stretches: createStretches({ blocks, fetch: null }),
        examine: async (candidate, originals) => examinePicture(candidate, originals),
      }),
      films: createFilmLookup({
        matcher,
        blocks,
        stretches: createStretches({ blocks, fetch: null }),
        examineFilm: async (candidate, originals) => examineFilm(candidate, originals),
        trusted: new Set(trusted),
      }),
      catalogue,
      context: { deployment: DEPLOYMENT, finality: () => 'local', trusted: new Set(trusted) },
    }),
    catalogue,
    version: '1.2.3',
    ttlS: HOUR,
    now: () => NOW,
    problem: (error, id) => {
      const { code, status, title } = error instanceof RegistryError ? error : new RegistryError('server.internal', '')
      return { type: 'about:blank', title, status, detail: '', instance: id, code }
    },
    onError,
  })
  const ask = async (of: Fingerprint, options: LookupOptions = {}) =>
    lookups.wait(lookups.startFingerprint(of, options, ME).id, 10_000)
  return { catalogue, blocks, sync, lookups, errors, ask, admission, quota }
}
