// biome-ignore-all lint/a11y/useSemanticElements: rows of a virtual list, see ProcessTable
import { memo } from 'react';
import { formatBytes, formatShare } from '../../../shared/model/format.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import { Value } from '../host/Value.tsx';
import styles from './ProcessTable.module.css';
import { commandOf, isKernelThread, type ListedProcess, type ProcessColumn } from './processOrder.ts';

export const PROCESS_COLUMNS: readonly {
  id: ProcessColumn | 'memoryShare';
  label: string;
  className: 'number' | 'text';
  /** Left out where the table is narrow. */
  wide?: boolean;
  title: string;
}[] = [
  { id: 'pid', label: 'pid', className: 'number', title: 'Process id' },
  { id: 'user', label: 'user', className: 'text', title: 'Owner' },
  {
    id: 'state',
    label: 'st',
    className: 'text',
    title: 'State: R running, S sleeping, D waiting for IO, Z zombie, T stopped, I idle',
  },
  { id: 'threads', label: 'thr', className: 'number', wide: true, title: 'Threads' },
  { id: 'cpu', label: 'CPU', className: 'number', title: 'CPU; 100 % is one whole core' },
  { id: 'memory', label: 'memory', className: 'number', title: 'Resident memory' },
  {
    id: 'memoryShare',
    label: 'mem %',
    className: 'number',
    wide: true,
    title: 'Resident memory as a share of all',
  },
  { id: 'started', label: 'started', className: 'number', title: 'Start by the clock of the host, and age' },
  {
    id: 'command',
    label: 'command',
    className: 'text',
    title: 'Command line; names in brackets are kernel threads or have none',
  },
];

/** Longer lines are cut in the table; the row's detail has them whole. */
const COMMAND_LENGTH = 400;

interface ProcessLineProps {
  process: ListedProcess;
  index: number;
  top: number;
  tree: boolean;
  chosen: boolean;
  memoryShare: number;
  /** Clock time and age. */
  started: [clock: string, age: string];
  onChoose: () => void;
  onOpen: () => void;
}

export const ProcessLine = memo(function ProcessLine(props: ProcessLineProps) {
  const { row, depth, gone } = props.process;
  const command = visibleText(commandOf(row), COMMAND_LENGTH);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys are handled by the scrolling body, which has the focus
    <div
      role="row"
      id={`process-${props.process.key}`}
      tabIndex={-1}
      aria-rowindex={props.index + 2}
      aria-selected={props.chosen}
      className={styles.row}
      data-kernel={isKernelThread(row)}
      data-gone={gone}
      style={{ transform: `translateY(${props.top}px)` }}
      onClick={props.onChoose}
      onDoubleClick={props.onOpen}
    >
      <Cell numeric>{row.pid}</Cell>
      <Cell>{visibleText(row.user, 32)}</Cell>
      <Cell>
        <span data-state={row.state} className={styles.state}>
          {visibleText(row.state, 1)}
        </span>
      </Cell>
      <Cell numeric wide>
        {row.threads}
      </Cell>
      <Cell numeric>{gone ? 'gone' : <Value of={formatShare(row.cpu)} />}</Cell>
      <Cell numeric>
        <Value of={formatBytes(row.residentBytes)} />
      </Cell>
      <Cell numeric wide>
        <Value of={formatShare(props.memoryShare)} />
      </Cell>
      <Cell numeric>
        {props.started[0]}{' '}
        <span data-wide="true" className={styles.age}>
          {props.started[1]}
        </span>
      </Cell>
      <div
        role="gridcell"
        tabIndex={-1}
        className={styles.command}
        title={command}
        style={props.tree ? { paddingLeft: 4 + Math.min(depth, 24) * 12 } : undefined}
      >
        {command}
      </div>
    </div>
  );
});

function Cell({
  children,
  numeric = false,
  wide = false,
}: {
  children: React.ReactNode;
  numeric?: boolean;
  wide?: boolean;
}) {
  return (
    <div role="gridcell" tabIndex={-1} className={numeric ? styles.number : styles.text} data-wide={wide}>
      {children}
    </div>
  );
}
