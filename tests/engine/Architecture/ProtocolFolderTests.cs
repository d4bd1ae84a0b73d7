using Bft.Engine.Tests.Toys;

namespace Bft.Engine.Tests.Architecture;

/// <summary>What counts as a protocol's folder.</summary>
public class ProtocolFolderTests
{
    // Machinery: whoever adds a folder that holds no protocol says here that it may do more than a protocol.
    private static readonly string[] Machinery =
    [
        "Committees", "Encoding", "Execution", "Genesis", "Mempool", "Port", "Replica", "Shared", "SharedKeys", "Signing", "Storage", "Sync", "Transport", "Types", "Verification",
    ];

    [Fact]
    public void Every_folder_of_the_core_is_machinery_or_a_protocol_s()
    {
        string[] folders = [.. Directory.EnumerateDirectories(RepositoryFiles.PathOf("engine/core")).Select(Path.GetFileName).Where(name => name is not ("bin" or "obj")).Select(name => name!)];
        Assert.Equal(folders.Except(Machinery).Select(folder => $"Bft.Engine.{folder}").Order(StringComparer.Ordinal), ProtocolFolders.Spaces);
    }

    [Fact]
    public void Every_protocol_of_the_core_is_registered_and_every_registered_one_has_a_folder() =>
        Assert.Equal(ProtocolFolders.Spaces, Protocols.All.Select(protocol => protocol.Decode.Method.DeclaringType!.Namespace!).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void A_protocol_is_found_by_itself()
    {
        Assert.Contains("Bft.Engine.HotStuff", ProtocolFolders.Spaces);
        Assert.Contains(typeof(CutBack).Namespace!, ProtocolFolders.Of(typeof(CutBack).Assembly));
    }
}
