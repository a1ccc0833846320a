import pc from 'picocolors';

type Paint = (text: string) => string;

/** The colours of the view. */
export type Ink = Readonly<
  Record<
    'bold' | 'dim' | 'red' | 'green' | 'blue' | 'cyan' | 'yellow' | 'magenta' | 'white' | 'orange',
    Paint
  >
>;

const ESCAPE = '\u001b';

/** @param colour false: every paint leaves the text as it is */
export function inkFor(colour: boolean): Ink {
  const { bold, dim, red, green, blue, cyan, yellow, magenta, white } = pc.createColors(colour);
  // The sixteen colours have no orange: yellow and red stand for other levels already.
  const orange: Paint = (text) => (colour ? `${ESCAPE}[38;5;208m${text}${ESCAPE}[39m` : text);
  return { bold, dim, red, green, blue, cyan, yellow, magenta, white, orange };
}
