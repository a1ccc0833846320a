export { VoiceStream, type VoiceChange } from './voice-stream.js';
