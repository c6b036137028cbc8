import { expect, type Locator, type Page, test } from '@playwright/test';
import { type Lab, startLab } from '../lab/lab.ts';
import { prepareTrouble, startTrouble } from '../lab/scenarios/trouble.ts';
import { ACTS, expectInert } from './expectInert.ts';
import { type HostileDoor, startHostileDoor } from './hostileDoor.ts';
import { collectAlerts, openWorkbench, type Workbench } from './workbench.ts';

/**
 * What a host calls its file systems, logs, services, units, interfaces, Erlang nodes and accounts, and what it
 * answers: text in the timeline, the card, the diagnosis, the plans, the answers of all hosts and the report, which acts nowhere.
 */
test.describe.configure({ mode: 'serial', timeout: 120_000 });

const MARKUP = '<img src=x onerror=alert(1)>';
/** All that a folder, a mount, a log and a service may be called: anything but `/` and NUL, 255 bytes. */
const NAME = `${MARKUP} [x](javascript:alert(2)) \`id\` $(touch owned) '"; | *b* \u202egnp \u2066 \u200b \u001b[31m\u0007\r\n# @service\trunit\towned\tup\towned`;
/** One with control characters cannot be named in a line of its own; this one is written as if it were two. */
const SERVICE = `${MARKUP} \u202egnp\\n@service\\trunit\\towned\\tup\\towned`;
/** A node's name ends at a blank. */
const NODE = `${MARKUP.replaceAll(' ', '/')}[x](javascript:alert(3))\u202e\u001b[31m`;
const ACCOUNT = '<img/src=x/onerror=alert(4)>\u202e';
/** As systemd writes a unit that was made of a path; what it says of it is free text. */
const UNIT = String.raw`\x3cimg\x20src\x3dx\x20onerror\x3dalert\x285\x29\x3e.service`;
/** What no systemd would call one, but a host may say. */
const OTHER_UNIT = '<img/src=x/onerror=alert(6)>\u202e\u001b[31m$(id).service';
/** Of 15 bytes at most, without a blank, a colon and a slash. */
const WIRES = ['<u>\u202e\u001b[31m', '$(id)\u200b\'"<u>'] as const;
const LONG = 'long '.repeat(800);

/** The account's password entry, the mount, what fills and holds it, a log, a service of runit, and what poses as systemd and Erlang. */
const PREPARE = String.raw`
name=$1 account=$2 service=$3 unit=$4 other=$5
mkdir -p /run/systemd/system
mount -t tmpfs tmpfs /usr/local/sbin
printf '%s loaded active running %s\n' "$unit" "$name" "$other" "$name" | tr -d '\r' >/srv/units
cat >/usr/local/sbin/systemctl <<'END'
#!/bin/sh
case "$1 $3" in
  show*) printf 'ActiveState=active\nSubState=running\nMainPID=%s\n' "$(cat /srv/units)" ;;
  *--failed*) ;;
  *) cat /srv/units ;;
esac
END
cat >/usr/local/sbin/journalctl <<'END'
#!/bin/sh
case $1 in -k) exit 1 ;; esac
sed 's/^/Nov 21 10:00:00 web1 systemd[1]: /' /srv/units
END
chmod 755 /usr/local/sbin/*
mkdir -p /srv/www/app/log "/srv/$name"
mount -t tmpfs -o size=24m,mode=777 tmpfs "/srv/$name"
: >"/srv/www/app/log/$name.log"
printf '%s:x:4242:4242::/:/bin/sh\n' "$account" >>/etc/passwd
mount -t tmpfs tmpfs /etc/sv
for one in "$name" "$service"; do
  mkdir "/etc/sv/$one"
  printf '#!/bin/sh\nexec sleep 600\n' >"/etc/sv/$one/run"
  chmod 755 "/etc/sv/$one/run"
done
ln -s "$(command -v perl)" /srv/beam.smp
cat >/srv/hold.pl <<'END'
my ($file, $name) = @ARGV;
$( = $) = 4242; $< = $> = 4242; $0 = $name;
open my $f, '>', $file or die; syswrite $f, 'x' x 3e6; unlink $file; sleep 600;
END
cat >/srv/serve.pl <<'END'
use IO::Socket::INET;
my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5) or die;
open my $f, '>', '/run/lab/port.new'; print $f $s->sockport; close $f; rename '/run/lab/port.new', '/run/lab/port';
my @all; while (my $c = $s->accept) { push @all, $c }
END
cat >/srv/call.pl <<'END'
use IO::Socket::INET;
open my $f, '<', '/run/lab/port'; my $s = IO::Socket::INET->new('127.0.0.1:' . <$f>) or die; sleep 600;
END
`;

let lab: Lab;
let door: HostileDoor;
let workbench: Workbench;
let page: Page;
let alerts: string[];

test.beforeAll(async ({ browser }) => {
  lab = await startLab({ hosts: 2 });
  const host = lab.host('web1');
  const names = [NAME, ACCOUNT, SERVICE, UNIT, OTHER_UNIT];
  const prepared = await host.exec(['sh', '-ec', PREPARE, 'prepare', ...names]);
  expect(prepared.stderr).toBe('');
  await prepareTrouble(lab.host('web2'), 'wire', { wires: WIRES });
  for (const one of [NAME, SERVICE]) await host.start(['runsv', `/etc/sv/${one}`]);
  await host.start(['perl', '/srv/hold.pl', `/srv/${NAME}/${NAME.slice(0, 60)}.gone`, NAME]);
  await host.start(['/srv/beam.smp', '/srv/serve.pl', '-sname', NODE]);
  const soon = ['networkSaturated', 'networkErrors', 'cgroupThrottled'].map(
    (one) => `  ${one}: { seconds: 1 }\n`,
  );
  const logs = `thresholds:\n${soon.join('')}logs:\n  - { path: "/srv/www/app/log/*.log", match: [{ pattern: "FATAL", severity: critical }] }\n`;
  door = await startHostileDoor(NAME);
  const ssh = { host: '127.0.0.1', port: door.port, user: 'deploy', knownHostsFile: `${lab.directory}/door` };
  const hosts = `  - ${JSON.stringify({ id: 'door', ssh })}\n`;
  workbench = await openWorkbench(
    browser,
    lab.workspaceYaml.replace(/^logs:\n(?: .*\n)*/m, `${hosts}${logs}`),
  );
  page = workbench.page;
  alerts = collectAlerts(page.context());
  await workbench.seeGoodLinks(lab.hosts);
  await startTrouble(lab.host('web2'), 'wire');
  await page.getByRole('button', { name: 'Declare incident' }).click();
  await page.getByLabel('Title').fill(`names ${NAME}`);
  await page.getByRole('button', { name: 'Declare incident', exact: true }).last().click();
  const failed = `Nov 21 10:00:00 web1 systemd[1]: ${UNIT}: Failed with result 'exit-code'.`;
  const script = `printf '%s\\n' "$3" >>"/srv/www/app/log/$1.log"; head -c 21m /dev/zero >"/srv/$1/full"; printf 'FATAL %s\\n' "$1" "$2" >>"/srv/www/app/log/$1.log"`;
  await host.exec(['sh', '-c', script, 'go', NAME, `${NAME.replaceAll('\n', ' ')} ${LONG}`, failed]);
  await host.start(['/srv/beam.smp', '/srv/call.pl', '-sname', `other${NODE}`]);
});

test.afterAll(async () => {
  await workbench?.close();
  await door?.stop();
  await lab?.stop();
});

const timeline = () => page.getByRole('region', { name: 'Timeline' });
const detail = () => page.getByRole('region', { name: 'Host detail' });
const event = (words: RegExp) => timeline().getByRole('button', { name: words }).first();

test('in what a server asks before it lets one in', async () => {
  const question = page.getByRole('complementary', { name: 'Questions of hosts' });
  await question.getByRole('button', { name: 'Trust this key and connect' }).click();
  await expect(question.getByLabel(`${MARKUP}`).first()).toBeVisible();
  await expectInert(page, alerts);
  for (const field of await question.getByRole('textbox').all()) await field.fill('no');
  await question.locator('input[type=password]').fill('no');
  await question.getByRole('button', { name: 'Answer' }).click();
  await expect(question).toContainText('Password of deploy');
  await expectInert(page, alerts);
  await question.getByRole('button', { name: 'Cancel' }).click();
  await expect(question).toHaveCount(0);
  await page.getByRole('option', { name: /door/ }).click();
  await detail().getByRole('tab', { name: 'Link' }).click();
  await expectInert(page, alerts);
});

test('in the timeline, the cards and the sheets of what is told', async () => {
  for (const words of [/lines match “FATAL”/, / full/, /node/i, /of its link/, /loses packets/]) {
    await event(words).click({ timeout: 60_000 });
    await expectInert(page, alerts);
  }
  await event(/failed \(exit-code\)/).click();
  await expectPlan(timeline().getByRole('button', { name: /^Restart .*\.service/ }), /Restart/);
  await expect(timeline()).toContainText('‹U+202E›');
});

test('in what is looked at, and in the plans that it offers', async () => {
  await page.getByRole('region', { name: 'Fleet' }).getByText('web1', { exact: true }).click();
  await detail().getByRole('tab', { name: 'Processes' }).click();
  await detail().getByRole('searchbox', { name: 'Filter processes' }).fill('alert(2)');
  // The account's, of the one that holds a deleted file.
  await expect(detail()).toContainText('<img/src=x/onerror=alert(4)>');
  await expectInert(page, alerts);
  await detail().getByRole('tab', { name: 'Diagnose' }).click();
  for (const [look, shows] of [
    ['Services', 'its name has control characters'],
    ['Disk', `${MARKUP} [x]`],
    ['Logs', `loaded active running ${MARKUP}`],
    ['Control groups', 'control groups that hold processes'],
    ['Memory', 'the largest processes'],
    ['Machine', `/srv/${MARKUP.replaceAll(' ', '\\040')}`],
  ] as const) {
    await detail().getByRole('button', { name: look }).click();
    await expect(detail().getByRole('heading', { name: look, exact: true })).toBeVisible();
    await expect(detail().locator('pre')).toContainText(shows);
    await expectInert(page, alerts);
    if (look === 'Services') {
      await expect(detail().getByRole('button', { name: 'restart owned' })).toHaveCount(0);
      await expectPlan(detail().getByRole('button', { name: /^restart .*img src=x/ }), /Restart/i);
      await expectPlan(detail().getByRole('button', { name: /^restart \\x3cimg/ }), /Restart/i);
      await expect(detail().getByRole('button', { name: /^restart .*img\/src/ })).toHaveCount(0);
    }
    if (look === 'Disk')
      await expectPlan(detail().getByRole('button', { name: /^Empty .*img src=x/ }), /deleted/i);
  }
});

function linesOf(element: Element): number {
  const range = document.createRange();
  range.selectNodeContents(element);
  return range.getClientRects().length;
}

async function expectPlan(button: Locator, words: RegExp): Promise<void> {
  await button.click();
  const sheet = page.getByRole('dialog');
  await expect(sheet.getByRole('heading', { name: words })).toContainText(/img(?: |\/|\\x20)src/);
  await expect(sheet).toContainText('Runs on the host');
  await expectInert(page, alerts);
  const cancel = sheet.getByRole('button', { name: 'Cancel' });
  // In one line, however long the deed's own button is.
  expect(await cancel.evaluate(linesOf)).toBe(1);
  await cancel.click();
}

test('in the answers of all hosts, and in the report', async () => {
  await workbench.doAnything('Ask every host');
  const dialog = page.getByRole('dialog', { name: 'Ask every host' });
  await dialog.getByRole('textbox').fill('ls /srv; id -un 4242; cat /srv/www/app/log/*.log');
  await page.keyboard.press('Enter');
  const answers = dialog.getByRole('region', { name: /Answers to/ });
  await expect(answers).toContainText(MARKUP);
  await expectInert(page, alerts);
  await dialog.getByRole('button', { name: 'Keep' }).click();
  await expect(dialog.getByRole('button', { name: 'Kept on the timeline' })).toBeVisible();
  await dialog.getByRole('button', { name: 'Close' }).click();

  await page.getByRole('button', { name: /^Incident \d+/ }).click();
  await page.getByRole('button', { name: 'End incident' }).click();
  const html = await workbench.exportReport();
  await expectInert(page, alerts);
  expect(html).toContain('&lt;img src=x');
  const opened = await page.context().newPage();
  await opened.setContent(html);
  await expectInert(opened, alerts);
  await opened.close();
  await page.getByRole('dialog').getByLabel('Format').selectOption('md');
  const markdown = await workbench.exportReport();
  expect(markdown).toMatch(/&lt;img src=x|`<img src=x/);
  expect(markdown.split('\n').filter((line) => ACTS.test(line))).toEqual([]);
  // Outside of fenced blocks, which end with as many backticks as they began with, no markup of it is left.
  const prose = markdown.replace(/^(`{3,})[^`\n]*\n[\s\S]*?\n\1$/gm, '');
  expect(prose).not.toMatch(/<img|[^\\]\]\(javascript|^# @service/m);
});
