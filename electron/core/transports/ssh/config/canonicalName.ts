import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Clock } from '../../../../../shared/base/clock.ts';
import { type ConfigValues, firstValue } from './configValues.ts';

/** Whether a name in full, with its last dot, has an address; `pending`: it must be looked up first. */
export type HasAddress = (name: string) => boolean | 'pending';

/**
 * The name in full where CanonicalizeHostname asks for it: the first of CanonicalDomains in which it has an address
 * (resolve_canonicalize in ssh.c). Names that a jump or a ProxyCommand looks up stay as they are, unless `always`.
 */
export function canonicalName(
  name: string,
  values: ConfigValues,
  hasAddress: HasAddress,
): string | { pending: string } {
  const wanted = firstValue(values, 'canonicalizehostname');
  if (wanted !== 'true' && wanted !== 'always') return name;
  const proxy = firstValue(values, 'proxycommand')?.toLowerCase() ?? 'none';
  const direct = proxy === 'none' && (values.jump?.hops.length ?? 0) === 0;
  if ((!direct && wanted !== 'always') || isIP(name.replace(/%.*$/, '')) > 0) return name;
  const inFull = name.endsWith('.');
  const dots = name.split('.').length - 1;
  if (!inFull && dots > Number(firstValue(values, 'canonicalizemaxdots') ?? 1)) return name;
  const domains = (values.lines.get('canonicaldomains') ?? []).filter((domain) => domain !== 'none');
  for (const full of inFull ? [name] : domains.map((domain) => `${name}.${domain}.`)) {
    const found = hasAddress(full);
    if (found === 'pending') return { pending: full };
    if (found) return full.slice(0, -1);
  }
  if (firstValue(values, 'canonicalizefallbacklocal') === 'no')
    values.faults.push(
      `CanonicalizeFallbackLocal no: ${name} has no address in ${domains.join(', ') || 'any domain'}`,
    );
  return name;
}

/** A resolver that does not answer takes longer than anybody waits. */
const LONGEST_MS = 10_000;

export function lookUp(name: string, family: string | undefined, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.after(LONGEST_MS, () => resolve(false));
    lookup(name, { family: family === 'inet' ? 4 : family === 'inet6' ? 6 : 0 })
      .then(
        () => resolve(true),
        () => resolve(false),
      )
      .finally(() => timer.dispose());
  });
}
