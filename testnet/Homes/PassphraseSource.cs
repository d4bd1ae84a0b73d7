using System.Security.Cryptography;
using System.Text;

namespace Bft.Testnet.Homes;

/// <summary>Where a passphrase comes from: a file or an environment variable, never the command line, where every user of the machine could read it.</summary>
public abstract record PassphraseSource
{
    /// <summary>The most bytes of a passphrase.</summary>
    public const int MostBytes = 4096;

    private const int GeneratedBytes = 32;

    /// <summary>Reads the passphrase. One line end at its end does not count: editors add it.</summary>
    /// <param name="home">What relative paths are relative to.</param>
    /// <exception cref="HomeException">It is missing, empty, too long or not UTF-8.</exception>
    public abstract string Read(HomeLayout home);

    /// <summary>Makes a random passphrase (256 bits, in hexadecimal) in a new file of mode 600.</summary>
    /// <exception cref="HomeException">The file cannot be written.</exception>
    public static string Generate(string path)
    {
        string passphrase = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(GeneratedBytes));
        HomeFile.Write(path, Encoding.ASCII.GetBytes(passphrase + "\n"), ownerOnly: true);
        return passphrase;
    }

    /// <summary>A file whose content is the passphrase.</summary>
    /// <param name="Path">Absolute, or relative to the home.</param>
    public sealed record FromFile(string Path) : PassphraseSource
    {
        /// <inheritdoc/>
        public override string Read(HomeLayout home)
        {
            string path = home.Resolve(Path);
            byte[] content = HomeFile.Read(path, MostBytes, "put the passphrase there, or name another source in config.json");
            try
            {
                string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content);
                text = text.EndsWith('\n') ? text[..^(text.EndsWith("\r\n", StringComparison.Ordinal) ? 2 : 1)] : text;
                return text.Length > 0 ? text : throw new HomeException("the passphrase file is empty", path, "put the passphrase there");
            }
            catch (DecoderFallbackException exception)
            {
                throw new HomeException("the passphrase is not UTF-8 text", path, "restore the file that the key store was sealed with", exception);
            }
            finally
            {
                CryptographicOperations.ZeroMemory(content);
            }
        }
    }

    /// <summary>An environment variable whose value is the passphrase.</summary>
    /// <param name="Name">Its name.</param>
    public sealed record FromEnvironment(string Name) : PassphraseSource
    {
        /// <inheritdoc/>
        public override string Read(HomeLayout home) => Environment.GetEnvironmentVariable(Name) is { Length: > 0 and <= MostBytes } value
            ? value
            : throw new HomeException("the passphrase variable is not set, empty or too long", $"environment variable {Name}", "set it for this process");
    }
}
