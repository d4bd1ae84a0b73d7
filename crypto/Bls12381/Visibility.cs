using System.Runtime.CompilerServices;

// The field, below the public surface, is measured by itself.
[assembly: InternalsVisibleTo("Bft.Bench")]
