/** A promise and what settles it, for what is told by call-back. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (cause: Error) => void;
}

export function deferred<Value = void>(): Deferred<Value> {
  const settle: Pick<Deferred<Value>, 'resolve' | 'reject'>[] = [];
  const promise = new Promise<Value>((resolve, reject) => settle.push({ resolve, reject }));
  const [its] = settle;
  if (its === undefined) throw new TypeError('a promise runs its executor at once');
  return { promise, ...its };
}
