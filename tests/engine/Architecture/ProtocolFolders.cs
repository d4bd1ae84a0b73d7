using System.Reflection;

namespace Bft.Engine.Tests.Architecture;

/// <summary>The folders of protocols, found by what is in them, so that the rules hold for the next protocol without anybody's thinking of it.</summary>
internal static class ProtocolFolders
{
    /// <summary>The namespaces of the core that hold a protocol.</summary>
    public static IReadOnlyList<string> Spaces { get; } = Of(typeof(IProtocol).Assembly);

    /// <summary>The namespaces of an assembly that hold a protocol.</summary>
    public static IReadOnlyList<string> Of(Assembly assembly) =>
        [.. assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false } && typeof(IProtocol).IsAssignableFrom(type)).Select(type => type.Namespace!).Distinct().Order(StringComparer.Ordinal)];
}
