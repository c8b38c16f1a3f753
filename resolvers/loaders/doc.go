// Package loaders fetches what a resolver means: per request, one dataloader for
// each relation and source, whose keys are the sets that fields ask for, so that every
// key is asked once and all keys of a level go together. It merges the lists of several sources, follows the links
// between documents, and is the one place where the catalogue, the directory and
// the policies meet. Resolvers call it; it never writes an answer.
package loaders
