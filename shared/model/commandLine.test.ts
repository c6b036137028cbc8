import { describe, expect, it } from 'vitest';
import { commandWords, withoutSecrets } from './commandLine.ts';

describe('a command line without its secrets', () => {
  it.each([
    ['beam.smp -setcookie QWERTY -name x', 'beam.smp -setcookie … -name x'],
    ['beam.smp -name x -setcookie Q"W\\E', 'beam.smp -name x -setcookie …'],
    ['app --db-password=hunter2 --token abc -p 80', 'app --db-password=… --token … -p 80'],
    ['sh -c PGPASSWORD=hunter2 psql', 'sh -c PGPASSWORD=… psql'],
    ['MYSQL_PWD=a%b mysqldump', 'MYSQL_PWD=… mysqldump'],
    ['worker postgres://app:hunter2@db:5432/app', 'worker postgres://app:…@db:5432/app'],
  ])('%s', (line, shown) => expect(withoutSecrets(line)).toBe(shown));

  it.each([
    'ruby bin/unicorn -c config/unicorn.rb',
    'curl https://example.org:8080/token?page=2',
    'passwd root',
    'change password now',
    'env PWD=/root OLDPWD=/srv sh',
    'ssh root@10.0.0.1',
    'app --token\nnext line',
  ])('holds none, and stays as it is: %s', (line) => expect(withoutSecrets(line)).toBe(line));

  it('a process is called by its name where it has no command line', () => {
    expect(commandWords({ command: ' ', name: 'kworker/0:1' }, 80)).toBe('kworker/0:1');
    expect(commandWords({ command: 'app --secret=x \u202egnp', name: 'app' }, 80)).toBe(
      'app --secret=… ‹U+202E›gnp',
    );
  });
});
