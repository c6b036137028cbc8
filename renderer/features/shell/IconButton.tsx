import * as Tooltip from '@radix-ui/react-tooltip';
import type { ReactNode } from 'react';
import styles from './IconButton.module.css';

interface IconButtonProps {
  /** Its name, and the words of its tooltip. */
  label: string;
  /** The key that does the same, shown beside the words. */
  keys?: string | undefined;
  onClick: () => void;
  disabled?: boolean;
  pressed?: boolean;
  /** Buttons of a pane stay out of the Tab order: its keys do the same, and Tab belongs to the terminal. */
  skipTab?: boolean;
  children: ReactNode;
}

export function IconButton({ label, keys, onClick, disabled, pressed, skipTab, children }: IconButtonProps) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>
        <button
          type="button"
          className={styles.button}
          aria-label={label}
          aria-pressed={pressed}
          disabled={disabled}
          tabIndex={skipTab ? -1 : undefined}
          onClick={onClick}
        >
          {children}
        </button>
      </Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content className={styles.tip} sideOffset={4} collisionPadding={6}>
          {label}
          {keys && <kbd className={styles.keys}>{keys}</kbd>}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
