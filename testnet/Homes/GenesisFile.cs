using Bft.Engine;

namespace Bft.Testnet.Homes;

/// <summary>Genesis in a file.</summary>
public static class GenesisFile
{
    /// <summary>Reads and checks a genesis document.</summary>
    /// <exception cref="HomeException">It is missing or cannot be used.</exception>
    public static Genesis Read(string path)
    {
        byte[] content = HomeFile.Read(path, GenesisDocument.MaxBytes, "name it with --genesis, or make a chain with \"bft up\" or \"bft init\"");
        try
        {
            return GenesisDocument.Read(content);
        }
        catch (GenesisException exception)
        {
            throw new HomeException(exception.Message.TrimEnd('.'), path, "take the document of the ceremony", exception);
        }
    }

    /// <summary>Writes a genesis document.</summary>
    /// <exception cref="HomeException">It cannot be written.</exception>
    public static void Write(string path, Genesis genesis) => HomeFile.Write(path, GenesisDocument.Write(genesis));
}
