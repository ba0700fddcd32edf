/**
 * Finds the names that a function asks for before it uses them: `typeof window !== 'undefined' && window.name`. It is written
 * to work without them. `typeof` that compares with another type does not count: its answer would change silently.
 */
import { children, type SyntaxNode } from './outer-words.ts';

export function findGuarded(root: SyntaxNode): ReadonlySet<string> {
  const names = new Set<string>();
  collect(root, names);
  return names;
}

function collect(node: SyntaxNode, names: Set<string>): void {
  if (node.type === 'BinaryExpression') {
    const { left, right } = node as unknown as { left: SyntaxNode; right: SyntaxNode };
    const name = isUndefinedText(right) ? nameAsked(left) : isUndefinedText(left) ? nameAsked(right) : undefined;
    if (name !== undefined) names.add(name);
  }
  for (const [, child] of children(node)) collect(child, names);
}

const isUndefinedText = (node: SyntaxNode): boolean => node.type === 'Literal' && node['value'] === 'undefined';

function nameAsked(node: SyntaxNode): string | undefined {
  if (node.type !== 'UnaryExpression' || node['operator'] !== 'typeof') return undefined;
  const argument = node['argument'] as SyntaxNode;
  return argument.type === 'Identifier' ? (argument['name'] as string) : undefined;
}
