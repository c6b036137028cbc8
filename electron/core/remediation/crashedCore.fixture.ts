/** A workbench of its own process that kills a pid, on the record of a folder, until it is ended itself: see races.test.ts. */
import { HERE, identityOf, openRemediationBed } from './remediationBed.ts';

const [directory = '', pid] = process.argv.slice(2);
const bed = await openRemediationBed({ directory });
const target = identityOf(Number(pid));
const { id } = await bed.service.plan({
  host: HERE.host,
  request: { action: 'process.kill', arguments: { target, signal: 'TERM' } },
});
await bed.service.execute(id);
