/** The sound of a file on its way through it: samples in, prints out. */
import { RegistryError } from '../errors.ts'
import type { Beside, Container } from './container.ts'
import type { Sound } from './fingerprint.ts'
import type { Detail } from './local.ts'
import { isFeatureless, PrintMaker, SOUND_SAMPLE_RATE } from './sound-prints.ts'
import { laterBy } from './sound-times.ts'
import { type Heard, openSoundTrack, type SoundTrack } from './sound-track.ts'

export interface Hearing {
  /** Takes the packets of the sound on the way; null where nobody wants any. */
  beside: Beside | null
  /** @param zeroS the beginning of the media, in seconds of the container's clock; null where that is the sound's own. What is heard before is left out.
   * @throws RegistryError `media.too_large` for more seconds than are allowed. */
  finish(zeroS: number | null): { heard: Heard | null; sound: Sound | null }
  free(): void
}

export interface HearingOptions {
  detail: Detail
  maxDurationS: number
}

const SILENT: Hearing = { beside: null, finish: () => ({ heard: null, sound: null }), free: () => {} }

/** Listens to the best sound track of a file. @throws as `openSoundTrack`. */
export async function listen(from: Container, options: HearingOptions): Promise<Hearing> {
  if (!from.sound) return SILENT
  const maker = new PrintMaker(0, options.detail)
  const track = await openSoundTrack(from, from.sound, {
    rateHz: SOUND_SAMPLE_RATE,
    maxDurationS: options.maxDurationS,
    onSamples: (samples) => maker.push(samples),
  })
  return { beside: track, finish: (zeroS) => finished(track, maker, from.soundTracks, zeroS), free: track.free }
}

/** Likewise, beside a picture: sound that cannot be decoded does not keep the picture from being looked at. */
export async function listenBeside(from: Container, options: HearingOptions): Promise<Hearing> {
  try {
    return await listen(from, options)
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    return { ...SILENT, finish: () => ({ heard: null, sound: unreadable(from.soundTracks) }) }
  }
}

function finished(
  track: SoundTrack,
  maker: PrintMaker<Detail>,
  tracks: number,
  zeroS: number | null,
): ReturnType<Hearing['finish']> {
  const heard = track.finish()
  if (!heard) return { heard, sound: unreadable(tracks) }
  const prints = laterBy(maker.finish(), zeroS === null ? 0 : heard.startS - zeroS)
  const known = prints.prints.length > 0 && !isFeatureless(prints)
  return {
    heard,
    sound: { prints: known ? prints : null, tracks, damaged: heard.damaged, readable: true },
  }
}

const unreadable = (tracks: number): Sound => ({ prints: null, tracks, damaged: true, readable: false })
