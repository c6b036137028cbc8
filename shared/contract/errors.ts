/** A declared failure that survives the wire. `message`: what and where; `advice`: what to do. */
export interface ContractError {
  code: ErrorCode;
  message: string;
  advice?: string;
  /** Structured detail for the screens that show it (workspace problems, a plan's refusal). */
  data?: unknown;
}

export type ErrorCode =
  | 'bad_arguments'
  | 'unknown_command'
  | 'not_found'
  | 'not_connected'
  | 'workspace_invalid'
  | 'refused'
  | 'timeout'
  | 'closed'
  | 'storage'
  | 'internal';

/** Thrown at the boundary only: by command handlers, and to callers of the client. */
export class ContractFailure extends Error {
  readonly error: ContractError;
  constructor(error: ContractError) {
    super(error.message);
    this.name = 'ContractFailure';
    this.error = error;
  }
}

export function failure(code: ErrorCode, message: string, advice?: string, data?: unknown): ContractFailure {
  return new ContractFailure({
    code,
    message,
    ...(advice === undefined ? {} : { advice }),
    ...(data === undefined ? {} : { data }),
  });
}
