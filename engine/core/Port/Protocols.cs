using System.Collections.Immutable;

namespace Bft.Engine;

/// <summary>The registered protocols: one line each. Nothing else in the engine names a protocol.</summary>
public static class Protocols
{
    /// <summary>All protocols.</summary>
    public static ImmutableArray<ProtocolDescriptor> All { get; } = [HotStuff.HotStuffProtocol.Descriptor];

    /// <summary>The protocol of that name, or null.</summary>
    public static ProtocolDescriptor? Find(string name) => All.FirstOrDefault(protocol => protocol.Name == name);
}
