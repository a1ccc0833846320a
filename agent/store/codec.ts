import { z } from 'zod';

/** How one table keeps its values: text in, value out. `decode` throws on a broken value. */
export interface ValueCodec<T> {
  encode(value: T): string;
  decode(text: string): T;
}

/** What a table is declared with: a zod schema of plain JSON values, or a codec of its own. */
export type ValueShape<T> = z.ZodType<T> | ValueCodec<T>;

/** @returns a codec that keeps JSON and lets `schema` judge each value that is read back */
export function codecOf<T>(shape: ValueShape<T>): ValueCodec<T> {
  if (!(shape instanceof z.ZodType)) return shape;
  return {
    encode: (value) => JSON.stringify(value),
    decode: (text) => shape.parse(JSON.parse(text)),
  };
}
