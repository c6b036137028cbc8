import type { DoubleAccount } from './doubleAccount.ts';

/** One call to the doubled service, its signature verified. */
export interface Call {
  account: DoubleAccount;
  /** Whose key signed it. */
  arn: string;
  requestId: string;
  input: Readonly<Record<string, unknown>>;
  now: number;
}

/** What an operation answers with when it refuses: the service's own code and words. */
export class ServiceError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export type Operation = (call: Call) => Promise<object> | object;
export type Operations = Readonly<Record<string, Operation>>;

export function textOf(call: Call, key: string): string {
  const value = call.input[key];
  if (typeof value === 'string' && value !== '') return value;
  throw new ServiceError(
    'ValidationException',
    `Value at '${key}' failed to satisfy constraint: must not be null`,
  );
}

export function optionalTextOf(call: Call, key: string): string | undefined {
  const value = call.input[key];
  return typeof value === 'string' ? value : undefined;
}

export function textsOf(call: Call, key: string): string[] {
  const value = call.input[key];
  return Array.isArray(value) ? value.filter((v) => typeof v === 'string') : [];
}

/** A page of a list, as the services cut it: `nextToken` is the place where the next begins. */
export function pageOf<Item>(
  items: readonly Item[],
  call: Call,
  names: { size: string; token: string; most: number },
): { page: Item[]; next?: string } {
  const size = Math.min(Number(call.input[names.size] ?? names.most), names.most);
  const from = Number(call.input[names.token] ?? 0);
  const page = items.slice(from, from + size);
  return from + size < items.length ? { page, next: String(from + size) } : { page };
}
