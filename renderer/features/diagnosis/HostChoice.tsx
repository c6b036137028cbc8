import { type HostId, isUp } from '../../../shared/model/host.ts';
import { useHosts } from '../../stores/hosts.ts';
import styles from './AskDialog.module.css';

/** Which hosts: all, those of a tag, or picked by hand. */
export function HostChoice({
  chosen,
  onChoose,
  among,
}: {
  chosen: ReadonlySet<HostId>;
  onChoose: (hosts: ReadonlySet<HostId>) => void;
  /** Absent: every host. */
  among?: readonly HostId[];
}) {
  const { order, byId } = useHosts();
  const hosts = order.filter((id) => among === undefined || among.includes(id));
  const tags = [...new Set(hosts.flatMap((id) => byId[id]?.tags ?? []))].sort();
  const up = (id: HostId) => {
    const host = byId[id];
    return host !== undefined && isUp(host.link);
  };
  return (
    <fieldset className={styles.hosts}>
      <legend>
        {chosen.size} of {hosts.length} hosts
      </legend>
      <div className={styles.sets}>
        <button type="button" onClick={() => onChoose(new Set(hosts.filter(up)))}>
          all that are up
        </button>
        {tags.map((tag) => (
          <button
            key={tag}
            type="button"
            onClick={() => onChoose(new Set(hosts.filter((id) => up(id) && byId[id]?.tags.includes(tag))))}
          >
            {tag}
          </button>
        ))}
        <button type="button" onClick={() => onChoose(new Set())}>
          none
        </button>
      </div>
      <div className={styles.each}>
        {hosts.map((id) => (
          <label key={id} data-down={!up(id) || undefined}>
            <input
              type="checkbox"
              checked={chosen.has(id)}
              onChange={(event) => {
                const next = new Set(chosen);
                if (event.target.checked) next.add(id);
                else next.delete(id);
                onChoose(next);
              }}
            />
            {id}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
