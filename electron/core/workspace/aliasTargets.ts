import { type Alias, type Document, type ParsedNode, visit } from 'yaml';

/**
 * What the aliases of a document stand for: the last node before each that has its anchor. The parser's own `resolve` goes
 * through the whole document for one alias, which takes seconds where a thousand hosts merge the same map.
 */
export function aliasTargets(document: Document.Parsed): ReadonlyMap<Alias, ParsedNode> {
  const anchors = new Map<string, ParsedNode>();
  const targets = new Map<Alias, ParsedNode>();
  visit(document, {
    Alias(_, alias) {
      const target = anchors.get(alias.source);
      if (target) targets.set(alias, target);
    },
    Value(_, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node as ParsedNode);
    },
  });
  return targets;
}
