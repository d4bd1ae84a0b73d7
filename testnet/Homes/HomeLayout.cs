using System.Globalization;

namespace Bft.Testnet.Homes;

/// <summary>Where things lie in a validator's home.</summary>
/// <remarks>
/// <code>
/// DIR/node-i/config.json    what is local: paths, addresses, timeouts, where the passphrase comes from
///            keys.json      the encrypted key store
///            tls.pem        the TLS certificate, in clear; its key is in the key store
///            journal/       hot: stored blocks and safety records
///            blocks/        the committed chain
///            snapshots/     states to restart from
///            evidence/      proofs that validators signed twice
///            index.db       the derived query index
///            lock           held while a process runs on this home
///            pid            the number of that process, while it runs
///            log, log.1     what it said, newest in log
/// </code>
/// Paths inside <c>config.json</c> are relative to the home, so a home may be moved to another machine as a whole.
/// </remarks>
/// <param name="Root">The home's full path.</param>
public sealed record HomeLayout(string Root)
{
    /// <summary>The configuration.</summary>
    public string Config => Path.Combine(Root, "config.json");

    /// <summary>The lock file that keeps a second process out.</summary>
    public string Lock => Path.Combine(Root, "lock");

    /// <summary>The number of the process that runs on this home; there only while it runs.</summary>
    public string Pid => Path.Combine(Root, "pid");

    /// <summary>What the validator said while a supervisor ran it.</summary>
    public string Log => Path.Combine(Root, "log");

    /// <summary>Proofs that validators signed twice.</summary>
    public string Evidence => Path.Combine(Root, "evidence");

    /// <summary>The home in that directory.</summary>
    public static HomeLayout At(string directory) => new(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)));

    /// <summary>The full path of something the configuration names.</summary>
    public string Resolve(string path) => Path.GetFullPath(path, Root);
}

/// <summary>Where things lie in the data directory of a testnet or a ceremony.</summary>
/// <param name="Root">Its full path.</param>
public sealed record DataLayout(string Root)
{
    /// <summary>The data directory used when none is named.</summary>
    public const string DefaultDirectory = "data/testnet";

    /// <summary>What the validators agreed on.</summary>
    public string Genesis => Path.Combine(Root, "genesis.json");

    /// <summary>The generated passphrase of a development testnet, mode 600.</summary>
    public string Passphrase => Path.Combine(Root, "passphrase");

    /// <summary>The key of the client that uses this directory, made on first use.</summary>
    public string ClientKey => Path.Combine(Root, "client.key.json");

    /// <summary>The key of the load that a supervisor offers.</summary>
    public string LoadKey => Path.Combine(Root, "load.key.json");

    /// <summary>Held while a supervisor runs on this directory.</summary>
    public string Lock => Path.Combine(Root, "lock");

    /// <summary>The number of the supervisor's process; there only while it runs.</summary>
    public string Pid => Path.Combine(Root, "pid");

    /// <summary>What is known about input files that were submitted from here.</summary>
    public string Submissions => Path.Combine(Root, "submissions");

    /// <summary>The directory of that name.</summary>
    public static DataLayout At(string directory) => new(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)));

    /// <summary>The home of a validator.</summary>
    public HomeLayout Home(int validator) => new(Path.Combine(Root, HomeName(validator)));

    /// <summary>The name of a validator's home, for example <c>node-0</c>.</summary>
    public static string HomeName(int validator) => $"node-{validator.ToString(CultureInfo.InvariantCulture)}";
}
