/** What is wrong with a file that should be WAV. */
export type WavErrorCode =
  | 'wav.empty'
  | 'wav.notWav'
  | 'wav.truncatedHeader'
  | 'wav.noFormat'
  | 'wav.noSamples'
  | 'wav.unsupportedFormat'
  | 'wav.badFormat'
  | 'wav.tooLong'
  | 'wav.tooLarge';

/** Callers match on `code`; `message` says to the owner of the file what was expected and what was found. */
export class WavError extends Error {
  readonly code: WavErrorCode;

  constructor(code: WavErrorCode, message: string) {
    super(message);
    this.name = 'WavError';
    this.code = code;
  }
}
