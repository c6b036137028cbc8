import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../../shared/base/clock.ts';
import { DisposableStore } from '../../../../shared/base/disposable.ts';
import type { HostId } from '../../../../shared/model/host.ts';
import type { PromptAnswer } from '../../../../shared/model/prompt.ts';
import type { Prompter, Question } from '../../sessions/prompter.ts';
import type { ConnectFailure, Connection, ExecChannel, Transport } from '../transport.ts';
import { createTransport } from '../transports.ts';
import type { TestSshd } from './testSshd.ts';

/** Transports to real servers for tests, by aliases of an ssh_config that the test writes. */
export interface SshTestBed {
  readonly prompter: ScriptedPrompter;
  /** `text` after what lets every alias log in to the server. */
  configure(text: string, more?: { withoutIdentity?: true }): void;
  transport(alias?: string, prompter?: Prompter): Transport;
  connect(alias?: string): Promise<Connection>;
  refusal(alias?: string): Promise<ConnectFailure>;
  close(): void;
}

export function createSshTestBed(
  sshd: TestSshd,
  options: { answers?: PromptAnswer[]; environment?: Record<string, string> } = {},
): SshTestBed {
  const owned = new DisposableStore();
  const file = join(sshd.directory, `config-${Math.random()}`);
  const prompter = scripted([...(options.answers ?? [])], options.answers !== undefined);
  const bed: SshTestBed = {
    prompter,
    configure(text, more) {
      // What the test says comes first, so that it wins.
      writeFileSync(
        file,
        `${text}\nHost *\n HostName 127.0.0.1\n Port ${sshd.port}\n User ${sshd.user}\n${more?.withoutIdentity ? '' : ` IdentityFile ${sshd.identity}\n`} UserKnownHostsFile ${sshd.knownHosts}\n`,
      );
    },
    transport: (alias = 'web1', by = prompter) =>
      createTransport(
        { id: alias as HostId, tags: [], transport: { kind: 'ssh', alias } },
        {
          prompter: by,
          clock: systemClock,
          homeDirectory: sshd.directory,
          environment: options.environment ?? {},
          sshConfigFiles: { user: file, system: '/nonexistent' },
        },
      ),
    async connect(alias) {
      const result = await bed.transport(alias).connect(new AbortController().signal, () => {});
      if (!result.ok) throw new Error(`${result.error.kind}: ${result.error.reason}`);
      return owned.add(result.value);
    },
    async refusal(alias) {
      const result = await bed.transport(alias).connect(new AbortController().signal, () => {});
      if (!result.ok) return result.error;
      result.value.dispose();
      throw new Error('it connected');
    },
    close: () => owned.dispose(),
  };
  bed.configure('');
  return bed;
}

export type ScriptedPrompter = Prompter & { asked: Question[] };

/** Answers from a list, in order; keeps what was asked. */
export function scripted(answers: PromptAnswer[], interactive = true): ScriptedPrompter {
  const asked: Question[] = [];
  return {
    asked,
    interactive,
    waiting: [],
    async ask(question) {
      asked.push(question);
      return answers.shift() ?? null;
    },
  };
}

/** What a command printed, and its status. */
export async function output(connection: Connection, command: string): Promise<string> {
  const opened = await connection.openExec(command);
  if (!opened.ok) throw new Error(opened.error.reason);
  return collect(opened.value);
}

/** What a shell printed for one line, up to its end. */
export async function inShell(connection: Connection, line: string): Promise<string> {
  const opened = await connection.openShell({ columns: 200, rows: 24 });
  if (!opened.ok) throw new Error(opened.error.reason);
  let text = '';
  opened.value.onOutput((bytes) => {
    text += Buffer.from(bytes).toString();
  });
  const exit = new Promise((resolve) => opened.value.onExit(resolve));
  opened.value.write(`${line}\nexit\n`);
  await exit;
  return text;
}

function collect(channel: ExecChannel): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    channel.onOutput((bytes) => {
      text += Buffer.from(bytes).toString();
    });
    channel.onExit(({ code }) => resolve(`${text}${code}`));
    channel.end();
  });
}

/** The server's known_hosts line for another name of it. */
export const knownAs = (sshd: TestSshd, name: string): string =>
  readFileSync(sshd.knownHosts, 'utf8').replace(/^\S+/, name);
