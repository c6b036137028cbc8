import { Component, type ReactNode } from 'react';
import { visibleText } from '../../../shared/model/hostText.ts';
import styles from './ErrorScreen.module.css';

interface ErrorScreenProps {
  /** Name of the region; without one the fault is shown as a line over the window. */
  name?: string;
  children: ReactNode;
}

/** Keeps a fault inside one region: terminals and the other regions go on. */
export class ErrorScreen extends Component<ErrorScreenProps, { error: Error | undefined }> {
  override state: { error: Error | undefined } = { error: undefined };

  static getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <div role="alert" className={this.props.name ? styles.region : styles.line}>
        <p>
          {this.props.name ?? 'A dialog'} could not be drawn: {visibleText(error.message, 300)}
        </p>
        <p>The recording goes on. Draw it again, or reload the window if it happens again.</p>
        <button type="button" onClick={() => this.setState({ error: undefined })}>
          Draw again
        </button>
      </div>
    );
  }
}
