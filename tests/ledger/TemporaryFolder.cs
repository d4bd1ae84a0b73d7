namespace Bft.Ledger.Tests;

/// <summary>A folder that is gone after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("bft-ledger-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
