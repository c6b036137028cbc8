import { create } from 'zustand';
import type { CommandInput, CommandName, CommandResult } from '../../shared/contract/commands.ts';
import { type ContractError, ContractFailure, failure } from '../../shared/contract/errors.ts';
import type { RpcClient } from '../../shared/contract/rpc.ts';

/** The window's link to the core (not a host's link). */
export type CoreLink = { kind: 'connecting' } | { kind: 'connected' } | { kind: 'lost'; since: number };

export const useCoreLink = create<{ link: CoreLink }>(() => ({ link: { kind: 'connecting' } }));

let current: RpcClient | undefined;

export function setClient(client: RpcClient | undefined): void {
  current = client;
}

export function client(): RpcClient {
  if (!current) throw new Error('no connection to the core yet');
  return current;
}

/** Calls the core. Rejects with ContractFailure only. */
export function call<Name extends CommandName>(
  name: Name,
  args: CommandInput<Name>,
): Promise<CommandResult<Name>> {
  if (!current)
    return Promise.reject(failure('closed', 'there is no connection to Fireline’s core at the moment'));
  return current.call(name, args);
}

/** The declared error in whatever was thrown. */
export function errorOf(thrown: unknown): ContractError {
  if (thrown instanceof ContractFailure) return thrown.error;
  return { code: 'internal', message: thrown instanceof Error ? thrown.message : String(thrown) };
}
