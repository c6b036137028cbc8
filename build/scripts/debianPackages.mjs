import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What the lab needs. */
export const LAB_PACKAGES = [
  'openssh-server',
  'openssh-client',
  'lxcfs',
  'fuse3',
  'procps',
  'iproute2',
  'perl',
];
/** What the unit tests run: the interpreters that the sampler may meet, the tools its figures are compared with, a supervisor. */
export const UNIT_PACKAGES = [
  'perl',
  'gawk',
  'mawk',
  'original-awk',
  'busybox',
  'ksh93u+m',
  'procps',
  'openssh-client',
  'openssh-server',
  'runit',
  'strace',
];
/** What runs on the lab's hosts, and what looks at them: nodes, supervisors, routes, keepers of sessions, programs. */
export const LAB_TEST_PACKAGES = [
  ...LAB_PACKAGES,
  'erlang-base',
  'daemontools',
  'runit',
  'iptables',
  'tmux',
  'screen',
  'sudo',
  'strace',
];
/** The browser, the full-screen programs that are driven in it, and the tools that play what was recorded. */
export const END_TO_END_PACKAGES = [
  ...LAB_TEST_PACKAGES,
  'chromium',
  'vim',
  'less',
  'htop',
  'asciinema',
  'bsdutils',
];

/**
 * Sees to it that these Debian packages are there. Installs what is missing when this is root on a Debian or one of
 * its children; otherwise leaves the system alone.
 * `installed`: what was installed now. `missing`: what is still not there, with `reason` when it was tried in vain.
 * @param {readonly string[]} names
 * @returns {Promise<{ installed: string[], missing: string[], reason?: string }>}
 */
export async function ensureDebianPackages(names) {
  const wanted = missingPackages(names);
  if (wanted.length === 0) return { installed: [], missing: [] };
  const command = `apt-get install ${wanted.join(' ')}`;
  if (process.getuid?.() !== 0)
    return { installed: [], missing: wanted, reason: `not root: run \`sudo ${command}\`` };
  process.stderr.write(`installing Debian packages: ${wanted.join(' ')}\n`);
  // The lists may be there already: they are fetched only when the installation without them fails.
  let reason = await install(wanted);
  if (reason !== undefined) {
    const updateFault = await apt(['update']);
    reason = updateFault === undefined ? await install(wanted) : `apt-get update: ${updateFault}`;
  }
  const missing = missingPackages(wanted);
  const installed = wanted.filter((name) => !missing.includes(name));
  if (missing.length === 0) return { installed, missing };
  return { installed, missing, reason: reason ?? `\`${command}\` did not install them` };
}

/** Those of `names` that dpkg does not have; all of them where there is no dpkg. */
function missingPackages(names) {
  let known = '';
  try {
    // dpkg's own fields, not a template.
    const format = ['Package', 'db:Status-Status'].map((field) => `$\{${field}}`).join(' ');
    known = execFileSync('dpkg-query', ['-W', '-f', `${format}\n`, ...names], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    // It exits with 1 when one name is unknown, and prints the others.
    known = typeof error.stdout === 'string' ? error.stdout : '';
  }
  const present = new Set(
    known
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return names.filter((name) => !present.has(name));
}

function install(names) {
  return apt(['install', '--yes', '--no-install-recommends', ...names]);
}

/** Undefined when it worked, otherwise its last words. */
async function apt(args) {
  try {
    // Another apt may hold the lock for a while: wait for it rather than fail.
    await run('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      // No daemon is started by its package: sshd of a lab host is started by the lab.
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
      maxBuffer: 64 << 20,
      timeout: 10 * 60_000,
    });
    return undefined;
  } catch (error) {
    if (error.code === 'ENOENT') return 'there is no apt-get on this system';
    const words = String(error.stderr ?? error.message)
      .trim()
      .split('\n');
    return words.slice(-2).join('; ');
  }
}
