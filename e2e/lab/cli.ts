import { spawn } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cgroupProcesses } from './cgroups.ts';
import { type Lab, openLab, startLab } from './lab.ts';
import { isAbandoned, type LabRecord, readLabRecords } from './labRecord.ts';
import { missingForLab } from './requirements.ts';
import { startNodeService, stopNodeService } from './scenarios/nodeBurn.ts';
import { stopRespawn } from './scenarios/respawn.ts';
import { startTrouble, stopTrouble, TROUBLES, type TroubleName } from './scenarios/trouble.ts';
import { clearAbandoned, tearDown } from './tearDown.ts';
import { vm } from './vm/vmCommand.ts';

const USAGE = `usage: npm run lab -- COMMAND

  up [--hosts 3] [--out WORKSPACE.yaml] [--memory 256] [--cpus 1] [--quota CORES] [--prefix web] [--user root|deploy] [--max-sessions N]
                                  start hosts; they stay until \`down\`
  status                          what runs
  oom HOST [--fast]               let a process grow until the kernel kills it (8 s, or 1)
  respawn HOST [--rate N] [--burn MS] [--holder pidfile|port] [--stop]
                                  a supervisor whose job cannot start because an older copy holds its place
  connections|listen|files|memory|threads|throttle|disk|inodes|surge|match|restart|wire|clock|readonly HOST [--stop]
                                  one trouble of a service, for real, until it is stopped (throttle needs: up --quota 0.5;
                                  wire and clock: hosts are opened after it)
  node-burn HOST [--well] [--stop] two Node processes that pin the CPU in one function; --well: the same service, in health
  link HOST drop|stall|resume     end or freeze the host's ssh connections
  ssh HOST [COMMAND…]             log in with the lab's key
  down [--all]                    end the hosts and remove every trace
  vm [--kernel DIRECTORY] [--accelerated] [COMMAND…]
                                  run a command, or the lab's own tests, in an emulated machine that has control groups of
                                  version 2 only, Debian's kernel and this machine's files (read-only)

  --name NAME (or FIRELINE_LAB) names the lab, when there is more than one. Default: default.
`;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const command = argv[0];
  if (command === 'vm') return await vm(argv.slice(1));
  // What follows `ssh HOST` is the remote command's: its options are not ours.
  const ownEnd =
    command === 'ssh' ? argv.findIndex((argument, at) => at > 0 && !argument.startsWith('-')) + 1 : 0;
  const own = ownEnd > 1 ? argv.slice(0, ownEnd) : argv;
  const rest = ownEnd > 1 ? argv.slice(ownEnd) : [];
  try {
    const { values, positionals } = parseArgs({
      args: [...own],
      allowPositionals: true,
      options: {
        hosts: { type: 'string', default: '3' },
        out: { type: 'string' },
        memory: { type: 'string', default: '256' },
        cpus: { type: 'string', default: '1' },
        quota: { type: 'string' },
        prefix: { type: 'string', default: 'web' },
        user: { type: 'string', default: 'root' },
        'max-sessions': { type: 'string' },
        name: { type: 'string', default: process.env['FIRELINE_LAB'] ?? 'default' },
        all: { type: 'boolean', default: false },
        fast: { type: 'boolean', default: false },
        stop: { type: 'boolean', default: false },
        well: { type: 'boolean', default: false },
        rate: { type: 'string' },
        burn: { type: 'string' },
        holder: { type: 'string', default: 'pidfile' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const [, hostId, action] = positionals;
    if (values.help || command === undefined) return say(USAGE, values.help ? 0 : 2);
    const missing = missingForLab();
    if (missing.length > 0)
      return complain(`the lab cannot run here:\n${missing.map((one) => `  - ${one}`).join('\n')}`);
    switch (command) {
      case 'up':
        return await up(values.name, {
          hosts: whole('--hosts', values.hosts),
          out: values.out,
          memoryMiB: whole('--memory', values.memory),
          cpus: whole('--cpus', values.cpus),
          quota: values.quota === undefined ? undefined : positive('--quota', values.quota),
          prefix: values.prefix,
          user: choice('--user', values.user, ['root', 'deploy']),
          maxSessions: values['max-sessions'],
        });
      case 'status':
        return await status();
      case 'down':
        return await down(values.all ? undefined : values.name);
      case 'oom':
        return await oom(values.name, hostId, values.fast);
      case 'respawn':
        return await respawn(values.name, hostId, {
          stop: values.stop,
          rate: values.rate === undefined ? undefined : positive('--rate', values.rate),
          burn: values.burn === undefined ? undefined : whole('--burn', values.burn),
          holder: choice('--holder', values.holder, ['pidfile', 'port']),
        });
      case 'node-burn':
        return await nodeBurn(values.name, hostId, values);
      case 'link':
        return await link(values.name, hostId, choice('link', action ?? '', ['drop', 'stall', 'resume']));
      case 'ssh':
        return await ssh(values.name, hostId, rest);
      default:
        if (command in TROUBLES)
          return await trouble(values.name, hostId, command as TroubleName, values.stop);
        return complain(`unknown command: ${command}\n\n${USAGE}`, 2);
    }
  } catch (error) {
    return complain(error instanceof Error ? error.message : String(error));
  }
}

interface UpOptions {
  hosts: number;
  out: string | undefined;
  memoryMiB: number;
  cpus: number;
  quota: number | undefined;
  prefix: string;
  user: 'root' | 'deploy';
  maxSessions: string | undefined;
}

async function up(name: string, options: UpOptions): Promise<number> {
  const existing = findRecord(name);
  if (existing !== undefined && isRunning(existing))
    return complain(
      `a lab named ${name} is up; end it first with \`npm run lab -- down\`, or give this one a --name`,
    );
  // The machine was restarted, or its hosts were killed: only traces are left.
  if (existing !== undefined) await tearDown(existing);
  const lab = await startLab({
    name,
    detached: true,
    hosts: options.hosts,
    memoryLimitBytes: options.memoryMiB * 1024 * 1024,
    cpus: options.cpus,
    ...(options.quota === undefined ? {} : { cpuQuota: options.quota }),
    namePrefix: options.prefix,
    user: options.user,
    ...(options.maxSessions === undefined ? {} : { sshdOptions: { MaxSessions: options.maxSessions } }),
  });
  for (const host of lab.hosts)
    process.stdout.write(`${host.id}\t${host.user}@${host.address}:${host.port}\n`);
  if (options.out === undefined) return say(`workspace: ${lab.workspaceFile}\n`);
  copyFileSync(lab.workspaceFile, options.out);
  return say(`workspace: ${resolve(options.out)}\n`);
}

async function status(): Promise<number> {
  const cleared = await clearAbandoned();
  for (const record of cleared) process.stderr.write(`removed what a crashed lab left: ${record.id}\n`);
  const records = readLabRecords();
  if (records.length === 0) return say('no lab is up\n');
  for (const record of records) {
    process.stdout.write(
      `${record.name} (${record.id})${record.owner === undefined ? '' : `, of process ${record.owner.pid}`}\n`,
    );
    for (const host of openLab(record).hosts) {
      const count = host.processes().length;
      const state = count === 0 ? 'down' : `${count} processes, ${host.oomKills()} OOM kills`;
      process.stdout.write(`  ${host.id}\t${host.user}@${host.address}:${host.port}\t${state}\n`);
    }
  }
  return 0;
}

/** Without a name: every lab that stays. Labs of running tests are theirs to end. */
async function down(name: string | undefined): Promise<number> {
  await clearAbandoned();
  const records = readLabRecords().filter(
    (record) => record.owner === undefined && (name === undefined || record.name === name),
  );
  for (const record of records) {
    await tearDown(record);
    process.stdout.write(`ended ${record.name}: ${record.hosts.map((host) => host.id).join(', ')}\n`);
  }
  return records.length > 0 ? 0 : say(name === undefined ? 'no lab is up\n' : `no lab named ${name} is up\n`);
}

async function oom(name: string, hostId: string | undefined, fast: boolean): Promise<number> {
  const host = currentLab(name).host(required('HOST', hostId));
  const run = await host.oom({ seconds: fast ? 1 : 8 });
  process.stdout.write(
    `${host.id}: pid ${run.innerPid} (${run.outerPid} in the kernel log) grows towards the limit\n`,
  );
  await run.killed();
  return say(`${host.id}: the kernel killed it; OOM kills of this host so far: ${host.oomKills()}\n`);
}

async function respawn(
  name: string,
  hostId: string | undefined,
  options: { stop: boolean; rate: number | undefined; burn: number | undefined; holder: 'pidfile' | 'port' },
): Promise<number> {
  const host = currentLab(name).host(required('HOST', hostId));
  if (options.stop) {
    await stopRespawn(host);
    return say(`${host.id}: the respawn loop is ended\n`);
  }
  const run = await host.respawn({
    holder: options.holder,
    ...(options.rate === undefined ? {} : { ratePerSecond: options.rate }),
    ...(options.burn === undefined ? {} : { burnMs: options.burn }),
  });
  return say(
    `${host.id}: pid ${run.supervisorPid} starts unicorn again and again; the stale one is pid ${run.holderPid}\n` +
      `${host.id}: log ${run.logFile}; it ends when the stale one is killed\n`,
  );
}

async function nodeBurn(
  name: string,
  hostId: string | undefined,
  { well, stop }: { well: boolean; stop: boolean },
): Promise<number> {
  const host = currentLab(name).host(required('HOST', hostId));
  if (stop) {
    await stopNodeService(host);
    return say(`${host.id}: its node processes have ended\n`);
  }
  const { pids } = await startNodeService(host, well ? 'well' : 'burn');
  return say(
    `${host.id}: node runs as pid ${pids.join(', ')}; end it with \`npm run lab -- node-burn ${host.id} --stop\`\n`,
  );
}

async function trouble(
  name: string,
  hostId: string | undefined,
  which: TroubleName,
  stop: boolean,
): Promise<number> {
  const host = currentLab(name).host(required('HOST', hostId));
  if (stop) {
    await stopTrouble(host, which);
    return say(`${host.id}: ${which}: ended\n`);
  }
  await startTrouble(host, which);
  return say(
    `${host.id}: ${TROUBLES[which].about}; end it with \`npm run lab -- ${which} ${host.id} --stop\`\n`,
  );
}

async function link(
  name: string,
  hostId: string | undefined,
  action: 'drop' | 'stall' | 'resume',
): Promise<number> {
  const host = currentLab(name).host(required('HOST', hostId));
  const count =
    action === 'drop'
      ? await host.dropLinks()
      : action === 'stall'
        ? await host.stallLink()
        : host.resumeLink();
  return say(`${host.id}: ${action}: ${count} ssh connection processes\n`);
}

function ssh(name: string, hostId: string | undefined, command: readonly string[]): Promise<number> {
  const host = currentLab(name).host(required('HOST', hostId));
  const child = spawn('ssh', [...host.sshArguments(), ...command], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

function currentLab(name: string): Lab {
  const record = findRecord(name);
  if (record === undefined || !isRunning(record))
    throw new Error(`no lab named ${name} is up: start one with \`npm run lab -- up\``);
  return openLab(record);
}

function findRecord(name: string): LabRecord | undefined {
  return readLabRecords().find((record) => record.name === name && !isAbandoned(record));
}

function isRunning(record: LabRecord): boolean {
  return record.hosts.some((host) => cgroupProcesses(host.cgroup).length > 0);
}

function required(what: string, value: string | undefined): string {
  if (value === undefined) throw new Error(`${what} is missing\n\n${USAGE}`);
  return value;
}

function whole(option: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text))
    throw new Error(`${option} takes a whole number above zero, not ${JSON.stringify(text)}`);
  return Number(text);
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${option} takes a number above zero, not ${JSON.stringify(text)}`);
  return value;
}

function choice<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const chosen = choices.find((one) => one === text);
  if (chosen === undefined)
    throw new Error(`${option} takes ${choices.join(', ')}, not ${JSON.stringify(text)}`);
  return chosen;
}

function say(text: string, code = 0): number {
  process.stdout.write(text);
  return code;
}

function complain(text: string, code = 1): number {
  process.stderr.write(`${text.trimEnd()}\n`);
  return code;
}
