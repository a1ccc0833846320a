export { isKana, kanaToMorae, MoraAlphabet, toKatakana } from './mora.js';
export {
  checkPhrase,
  isProtected,
  MORAE_MAX,
  MORAE_MIN,
  parsePhrases,
  PHRASES_MAX,
  type Phrase,
  type PhraseProblem,
} from './phrase.js';
export { buildPhraseTrie, type MoraThreshold, type PhraseTrie } from './phrase-trie.js';
export { KeywordSearch, type PhraseHit } from './keyword-search.js';
