using System.Collections.Immutable;
using Bft.Crypto.Signatures;

namespace Bft.Crypto.Certificates;

/// <summary>The certificate schemes there are, by the name a genesis uses.</summary>
/// <remarks>A scheme's votes are signed with the signature scheme of the same name.</remarks>
public static class CertificateSchemes
{
    private delegate ICertificateScheme Factory(IReadOnlyList<ReadOnlyMemory<byte>> publicKeys, VerifiedCache? cache);

    // One line a scheme; the first is the default.
    private static readonly (string Name, Factory Create)[] Known =
    [
        ("ed25519", static (publicKeys, cache) => new Ed25519ListScheme(publicKeys, cache)),
    ];

    /// <summary>The name used when nothing is said.</summary>
    public static string Default => Known[0].Name;

    /// <summary>Every known name, the default first.</summary>
    public static ImmutableArray<string> Names { get; } = [.. Known.Select(static scheme => scheme.Name)];

    /// <summary>True when <see cref="Create"/> knows the name.</summary>
    public static bool IsKnown(string name) => Names.Contains(name, StringComparer.Ordinal);

    /// <summary>Makes the scheme of that name for a committee.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="publicKeys">Replica i has key i.</param>
    /// <param name="cache">Where verified signatures are remembered, or null for nowhere.</param>
    /// <exception cref="ArgumentException">The name is unknown (the message lists the known ones), or the keys do not fit the scheme.</exception>
    public static ICertificateScheme Create(string name, IReadOnlyList<ReadOnlyMemory<byte>> publicKeys, VerifiedCache? cache = null)
    {
        foreach ((string known, Factory create) in Known)
        {
            if (string.Equals(known, name, StringComparison.Ordinal))
            {
                return create(publicKeys, cache);
            }
        }

        throw new ArgumentException($"There is no certificate scheme '{name}'; known are: {string.Join(", ", Names)}.", nameof(name));
    }
}
