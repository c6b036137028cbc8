import type { Session } from '../sessions/session.ts';
import type { Answer, InvestigatedProcess, Question } from './detector.ts';
import {
  type InspectedProcess,
  type Inspection,
  inspectionCommand,
  parseInspection,
} from './inspectProcesses.ts';
import { roleOf } from './respawnRole.ts';

/** Answers a detector's question by one read-only command on the host, bounded in time. */
export async function investigate(session: Pick<Session, 'run'>, question: Question): Promise<Answer> {
  const paths = question.kind === 'pidFiles' ? pidFilesNamedIn(question.command) : [];
  const result = await session.run(
    inspectionCommand({
      ...(question.kind === 'holder' ? { pids: question.pids.filter(isPid) } : {}),
      ...(question.kind === 'listeners' ? { ports: question.ports } : {}),
      ...(question.kind === 'pidFiles' ? { pidFiles: paths, searchPidFiles: true } : {}),
    }),
    { purpose: 'investigate', timeoutMs: 5000, maximumBytes: 512 * 1024 },
  );
  if (!result.ok) return { kind: 'unanswered', reason: result.error.reason };
  const seen = parseInspection(result.value.stdout);
  if (!seen)
    return {
      kind: 'unanswered',
      reason: `the host answered nothing usable: ${result.value.stderr.slice(0, 200)}`,
    };
  return { kind: 'processes', processes: chosen(question, seen, paths) };
}

function chosen(question: Question, seen: Inspection, paths: readonly string[]): InvestigatedProcess[] {
  // A zombie holds nothing.
  const living = seen.processes.filter((p) => !p.dead && !p.kernelThread);
  switch (question.kind) {
    case 'holder':
      return living
        .filter((p) => question.pids.includes(p.identity.pid))
        .map((p) => answerOf(p, `the log names pid ${p.identity.pid}`));
    case 'listeners':
      return living.flatMap((p) => {
        const port = p.listeningPorts.find((l) => question.ports.includes(l));
        return port === undefined ? [] : [answerOf(p, `listens on ${port}`)];
      });
    case 'pidFiles':
      return living.flatMap((p) => {
        const file = seen.pidFiles.find(
          (f) => f.pid === p.identity.pid && (paths.includes(f.path) || isAbout(f.path, p, question.command)),
        );
        return file ? [answerOf(p, `pid file ${file.path}`)] : [];
      });
  }
}

function answerOf(process: InspectedProcess, foundBy: string): InvestigatedProcess {
  const { identity, parentPid, name, command, startedAt, listeningPorts } = process;
  return { identity, parentPid, name, command, startedAt, listeningPorts, foundBy };
}

/**
 * A pid file that the command does not name is only taken when its own name is the command's, and its process is of
 * the same kind: /run is full of pid files of others.
 */
function isAbout(path: string, process: InspectedProcess, command: string): boolean {
  const role = roleOf(command, '');
  const file =
    path
      .split('/')
      .at(-1)
      ?.replace(/\.pid$/, '') ?? '';
  return role.length > 2 && file === role && (process.command.includes(role) || process.name === role);
}

/** `--pid X`, `--pidfile=X`, `-p X.pid`, and any absolute path that ends in `.pid`. */
function pidFilesNamedIn(command: string): string[] {
  const found = command
    .split(' ')
    .map((word, index, words) => {
      const [flag, value] = word.split('=', 2);
      if (value?.startsWith('/') && /pid/i.test(flag ?? '')) return value;
      if (
        word.startsWith('/') &&
        (word.endsWith('.pid') || /^--?pid-?(?:file)?$/i.test(words[index - 1] ?? ''))
      )
        return word;
      return undefined;
    })
    .filter((path) => path !== undefined);
  return [...new Set(found)].slice(0, 8);
}

function isPid(pid: number): boolean {
  return Number.isInteger(pid) && pid > 1 && pid <= 4_194_304;
}
