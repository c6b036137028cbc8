import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataDirectory } from './dataDirectory.ts';

describe('the data directory', () => {
  it('is FIRELINE_HOME where that is set, made absolute', () => {
    expect(dataDirectory({ FIRELINE_HOME: '/var/tmp/fire' }, 'linux', '/home/a')).toBe('/var/tmp/fire');
    expect(dataDirectory({ FIRELINE_HOME: 'fire' }, 'linux', '/home/a')).toBe(resolve('fire'));
  });

  it('follows XDG on Linux and ignores a relative XDG_DATA_HOME', () => {
    expect(dataDirectory({}, 'linux', '/home/a')).toBe('/home/a/.local/share/fireline');
    expect(dataDirectory({ XDG_DATA_HOME: '/data' }, 'linux', '/home/a')).toBe('/data/fireline');
    expect(dataDirectory({ XDG_DATA_HOME: 'data' }, 'linux', '/home/a')).toBe(
      '/home/a/.local/share/fireline',
    );
  });

  it('is in Application Support on macOS', () => {
    expect(dataDirectory({}, 'darwin', '/Users/a')).toBe('/Users/a/Library/Application Support/Fireline');
  });
});
