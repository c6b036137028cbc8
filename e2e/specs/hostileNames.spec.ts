import { expect, type Locator, type Page, test } from '@playwright/test';
import { type Lab, startLab } from '../lab/lab.ts';
import { collectAlerts, openWorkbench, type Workbench } from './workbench.ts';

/**
 * What a host calls its file systems, logs, services, Erlang nodes and accounts, and what it answers: text in the timeline,
 * the card, the diagnosis, the plans, the answers of all hosts and the report, which acts nowhere.
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
const LONG = 'long '.repeat(800);

/** The account's password entry, the mount, what fills and holds it, a log, a service of runit, and what poses as Erlang. */
const PREPARE = String.raw`
name=$1 account=$2 service=$3
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
let workbench: Workbench;
let page: Page;
let alerts: string[];

test.beforeAll(async ({ browser }) => {
  lab = await startLab({ hosts: 1 });
  const host = lab.host('web1');
  const prepared = await host.exec(['sh', '-ec', PREPARE, 'prepare', NAME, ACCOUNT, SERVICE]);
  expect(prepared.stderr).toBe('');
  for (const one of [NAME, SERVICE]) await host.start(['runsv', `/etc/sv/${one}`]);
  await host.start(['perl', '/srv/hold.pl', `/srv/${NAME}/${NAME.slice(0, 60)}.gone`, NAME]);
  await host.start(['/srv/beam.smp', '/srv/serve.pl', '-sname', NODE]);
  const logs = `logs:\n  - { path: "/srv/www/app/log/*.log", match: [{ pattern: "FATAL", severity: critical }] }\n`;
  workbench = await openWorkbench(browser, lab.workspaceYaml.replace(/^logs:\n(?: .*\n)*/m, logs));
  page = workbench.page;
  alerts = collectAlerts(page.context());
  await workbench.seeGoodLinks(lab.hosts);
});

test.afterAll(async () => {
  await workbench?.close();
  await lab?.stop();
});

const timeline = () => page.getByRole('region', { name: 'Timeline' });
const detail = () => page.getByRole('region', { name: 'Host detail' });
const event = (words: RegExp) => timeline().getByRole('button', { name: words }).first();

/** Controls, bidirectional marks, blanks without width: in no text and in no attribute that is read aloud or shown. */
const ACTS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

/** Of all that stands on the page now. Terminals show what is typed in them, as they are to. */
async function expectInert(of: Page = page): Promise<void> {
  const { texts, elements, wide } = await of.evaluate(() => {
    const all = [...document.querySelectorAll('body, body *')].filter(
      (one) => !one.closest('.xterm, script, style'),
    );
    const texts = all.flatMap((one) => [
      ...[...one.attributes].map(({ value }) => value),
      ...[...one.childNodes]
        .filter(({ nodeType }) => nodeType === Node.TEXT_NODE)
        .map((text) => text.nodeValue ?? ''),
    ]);
    const acting = 'img[src="x"], [onerror], a[href^="javascript"]';
    const boxes = [document.documentElement, ...document.querySelectorAll('[role="dialog"]')];
    return {
      texts,
      elements: document.querySelectorAll(acting).length,
      wide: boxes.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).length,
    };
  });
  expect(texts.filter((text) => ACTS.test(text))).toEqual([]);
  expect({ elements, wide, alerts }).toEqual({ elements: 0, wide: 0, alerts: [] });
}

test('in the timeline, the cards and the sheets of what is told', async () => {
  await page.getByRole('button', { name: 'Declare incident' }).click();
  await page.getByLabel('Title').fill(`names ${NAME}`);
  await page.getByRole('button', { name: 'Declare incident', exact: true }).last().click();
  const host = lab.host('web1');
  const script = `head -c 21m /dev/zero >"/srv/$1/full"; printf 'FATAL %s\\n' "$1" "$2" >>"/srv/www/app/log/$1.log"`;
  await host.exec(['sh', '-c', script, 'go', NAME, `${NAME.replaceAll('\n', ' ')} ${LONG}`]);
  await host.start(['/srv/beam.smp', '/srv/call.pl', '-sname', `other${NODE}`]);
  for (const words of [/lines match “FATAL”/, / full/, /node/i]) {
    await event(words).click({ timeout: 60_000 });
    await expectInert();
  }
  await expect(timeline()).toContainText('‹U+202E›');
});

test('in what is looked at, and in the plans that it offers', async () => {
  await page.getByRole('region', { name: 'Fleet' }).getByText('web1', { exact: true }).click();
  await detail().getByRole('tab', { name: 'Processes' }).click();
  await detail().getByRole('searchbox', { name: 'Filter processes' }).fill('alert(2)');
  // The account's, of the one that holds a deleted file.
  await expect(detail()).toContainText('<img/src=x/onerror=alert(4)>');
  await expectInert();
  await detail().getByRole('tab', { name: 'Diagnose' }).click();
  for (const [look, shows] of [
    ['Services', 'its name has control characters'],
    ['Disk', `${MARKUP} [x]`],
    ['Control groups', 'control groups that hold processes'],
    ['Memory', 'the largest processes'],
    ['Machine', `/srv/${MARKUP.replaceAll(' ', '\\040')}`],
  ] as const) {
    await detail().getByRole('button', { name: look }).click();
    await expect(detail().getByRole('heading', { name: look, exact: true })).toBeVisible();
    await expect(detail().locator('pre')).toContainText(shows);
    await expectInert();
    if (look === 'Services') {
      await expect(detail().getByRole('button', { name: 'restart owned' })).toHaveCount(0);
      await expectPlan(detail().getByRole('button', { name: /^restart .*img src=x/ }), /Restart/i);
    }
    if (look === 'Disk')
      await expectPlan(detail().getByRole('button', { name: /^Empty .*img src=x/ }), /deleted/i);
  }
});

async function expectPlan(button: Locator, words: RegExp): Promise<void> {
  await button.click();
  const sheet = page.getByRole('dialog');
  await expect(sheet.getByRole('heading', { name: words })).toContainText('img src=x');
  await expectInert();
  await sheet.getByRole('button', { name: /^(?:Close|Cancel)$/ }).click();
}

test('in the answers of all hosts, and in the report', async () => {
  await workbench.doAnything('Ask every host');
  const dialog = page.getByRole('dialog', { name: 'Ask every host' });
  await dialog.getByRole('textbox').fill('ls /srv; id -un 4242; cat /srv/www/app/log/*.log');
  await page.keyboard.press('Enter');
  const answers = dialog.getByRole('region', { name: /Answers to/ });
  await expect(answers).toContainText(MARKUP);
  await expectInert();
  await dialog.getByRole('button', { name: 'Keep' }).click();
  await expect(dialog.getByRole('button', { name: 'Kept on the timeline' })).toBeVisible();
  await dialog.getByRole('button', { name: 'Close' }).click();

  await page.getByRole('button', { name: /^Incident \d+/ }).click();
  await page.getByRole('button', { name: 'End incident' }).click();
  const html = await workbench.exportReport();
  await expectInert();
  expect(html).toContain('&lt;img src=x');
  const opened = await page.context().newPage();
  await opened.setContent(html);
  await expectInert(opened);
  await opened.close();
  await page.getByRole('dialog').getByLabel('Format').selectOption('md');
  const markdown = await workbench.exportReport();
  expect(markdown).toMatch(/&lt;img src=x|`<img src=x/);
  expect(markdown.split('\n').filter((line) => ACTS.test(line))).toEqual([]);
  // Outside of fenced blocks, which end with as many backticks as they began with, no markup of it is left.
  const prose = markdown.replace(/^(`{3,})[^`\n]*\n[\s\S]*?\n\1$/gm, '');
  expect(prose).not.toMatch(/<img|[^\\]\]\(javascript|^# @service/m);
});
