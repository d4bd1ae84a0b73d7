using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Bft.Crypto.Certificates;
using Bft.Crypto.KeyStore;
using Bft.Crypto.Signatures;
using Bft.Crypto.Threshold;
using Bft.Crypto.Tls;
using Bft.Engine;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Ceremony;

/// <summary>
/// Makes a chain: keys, certificates and a home for every validator, and the genesis document that names them all.
/// </summary>
/// <remarks>
/// Everything is made in a directory beside the target and renamed at the end, so that there is a whole ceremony or none: half a
/// committee's keys are of no use, and nobody could tell which half is there.
/// </remarks>
public static class KeyCeremony
{
    /// <summary>How long a TLS certificate is valid. Peers trust the pinned key, so this is no rotation date.</summary>
    public static readonly TimeSpan CertificateLifetime = TimeSpan.FromDays(20 * 365);

    private static readonly TimeSpan ClockTolerance = TimeSpan.FromDays(1);

    /// <summary>Carries out a plan.</summary>
    /// <param name="plan">What is asked for.</param>
    /// <param name="catalogue">What exists.</param>
    /// <param name="directory">The target: missing or empty.</param>
    /// <param name="now">The time that goes into genesis and certificates.</param>
    /// <exception cref="CeremonyException">The plan cannot be carried out.</exception>
    /// <exception cref="HomeException">The directory is not empty or cannot be written, or the passphrase cannot be read.</exception>
    public static Genesis Run(CeremonyPlan plan, Catalogue catalogue, string directory, DateTimeOffset now)
    {
        FaultModel model = plan.Check(catalogue);
        return Whole(DataLayout.At(directory).Root, staging => Make(plan, catalogue, model, DataLayout.At(staging), now));
    }

    /// <summary>Makes a directory as a whole or not at all.</summary>
    /// <param name="target">Its full path: missing or empty.</param>
    /// <param name="make">Fills a directory beside it, which is renamed at the end.</param>
    /// <exception cref="HomeException">The directory is not empty or cannot be written.</exception>
    internal static T Whole<T>(string target, Func<string, T> make)
    {
        RequireEmpty(target);
        string staging = $"{target}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}.making";
        try
        {
            Directory.CreateDirectory(staging);
            T made = make(staging);
            Place(staging, target);
            return made;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HomeException($"the directory cannot be made: {exception.Message}", target, "check the parent directory, its permissions and the free space", exception);
        }
        finally
        {
            if (Directory.Exists(staging))
            {
                Directory.Delete(staging, recursive: true);
            }
        }
    }

    /// <summary>True when the directory is missing or has nothing in it.</summary>
    /// <exception cref="HomeException">It is a file, or cannot be read.</exception>
    public static bool IsEmpty(string directory)
    {
        try
        {
            if (File.Exists(directory))
            {
                throw new HomeException("this is a file, not a directory", directory, "choose another directory");
            }

            return !Directory.Exists(directory) || !Directory.EnumerateFileSystemEntries(directory).Any();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HomeException($"the directory cannot be read: {exception.Message}", directory, "check its owner and mode", exception);
        }
    }

    private static void RequireEmpty(string directory)
    {
        if (!IsEmpty(directory))
        {
            throw new HomeException("the directory is not empty; a ceremony never writes over keys", directory, "choose another directory, or move this one away");
        }
    }

    private static Genesis Make(CeremonyPlan plan, Catalogue catalogue, FaultModel model, DataLayout layout, DateTimeOffset now)
    {
        string scheme = catalogue.Scheme(plan.Scheme ?? catalogue.Schemes[0]);
        PassphraseSource? shared = plan.Passphrase;
        if (plan.Development && shared is null)
        {
            PassphraseSource.Generate(layout.Passphrase);
            shared = new PassphraseSource.FromFile("../" + Path.GetFileName(layout.Passphrase));
        }

        ISignatureScheme voting = CertificateSchemes.VotingScheme(scheme)
            ?? throw new CeremonyException($"this build has no certificate scheme \"{scheme}\"", "--scheme", $"choose one of: {string.Join(", ", CertificateSchemes.Names)}");

        // Where the key is shared, this ceremony is its trusted dealer.
        using Dealing? dealing = (voting as IDealsShares)?.Deal(plan.Nodes, new Committee(plan.Nodes, model).QuorumSize);
        ImmutableArray<GenesisValidator>.Builder validators = ImmutableArray.CreateBuilder<GenesisValidator>(plan.Nodes);
        var sources = new PassphraseSource[plan.Nodes];
        for (int i = 0; i < plan.Nodes; i++)
        {
            HomeLayout home = layout.Home(i);
            Directory.CreateDirectory(home.Root);
            sources[i] = shared ?? OwnPassphrase(home);
            using SecretKey consensus = dealing?.ShareOf(ValidatorKeys.ConsensusPurpose, i) ?? SecretKey.Generate(ValidatorKeys.ConsensusPurpose, voting);
            ImmutableArray<byte> possession = voting is IProvesPossession proving ? [.. proving.ProvePossession(consensus.Seed)] : [];
            validators.Add(MakeValidator(plan, consensus, home, i, sources[i].Read(home), now) with { Possession = possession });
        }

        var genesis = new Genesis(
            plan.Protocol,
            scheme,
            Crypto.HashFunction.Sha256.Name,
            model,
            Catalogue.Application,
            plan.AcceptUnsigned,
            plan.Development,
            (ulong)now.ToUnixTimeMilliseconds(),
            new ChainLimits(),
            validators.MoveToImmutable())
        {
            Commitments = [.. (dealing?.Commitments.Encode() ?? []).Select(commitment => commitment.ToArray().ToImmutableArray())],
        };
        Check(genesis);
        for (int i = 0; i < plan.Nodes; i++)
        {
            new NodeConfig
            {
                Validator = i,
                ChainId = genesis.ChainId,
                Listen = plan.BindingsOf(i),
                Passphrase = sources[i],
                ClientTls = !Address.IsLoopbackHost(plan.HostOf(i)),
                IdleInterval = plan.IdleInterval,
                SharedVerification = plan.SharedVerification,
                CatchUpBlocksPerSecond = plan.CatchUpBlocksPerSecond,
            }.Write(layout.Home(i));
        }

        GenesisFile.Write(layout.Genesis, genesis);
        return genesis;
    }

    // What no validator would load must not be written.
    internal static void Check(Genesis genesis)
    {
        try
        {
            _ = genesis.CreateScheme();
        }
        catch (GenesisException exception)
        {
            throw new CeremonyException(exception.Message.TrimEnd('.'), "--scheme, --nodes", "choose another scheme or fewer validators");
        }
    }

    /// <summary>A random passphrase in a file of its own, mode 600, in a home.</summary>
    internal static PassphraseSource.FromFile OwnPassphrase(HomeLayout home)
    {
        const string name = "passphrase";
        PassphraseSource.Generate(Path.Combine(home.Root, name));
        return new PassphraseSource.FromFile(name);
    }

    private static GenesisValidator MakeValidator(CeremonyPlan plan, SecretKey consensus, HomeLayout home, int validator, string passphrase, DateTimeOffset now)
    {
        using SecretKey identity = SecretKey.Generate(ValidatorKeys.IdentityPurpose, SignatureSchemes.Ed25519);
        using SecretKey tls = TlsCertificate.GenerateKey();
        string host = plan.HostOf(validator);
        string[] names = Address.IsLoopbackHost(host) ? ["127.0.0.1", "::1", "localhost"] : [host];
        using (X509Certificate2 certificate = TlsCertificate.Create(tls, validator, now - ClockTolerance, now + CertificateLifetime, names))
        {
            HomeFile.Write(home.Resolve("tls.pem"), System.Text.Encoding.ASCII.GetBytes(TlsCertificate.ExportPem(certificate)));
        }

        try
        {
            KeyStoreFile.Write(home.Resolve("keys.json"), [consensus, identity, tls], passphrase, plan.Cost);
        }
        catch (KeyStoreException exception)
        {
            throw new HomeException(exception.Message.TrimEnd('.'), home.Root, "check the directory, its permissions and the free space", exception);
        }

        ListenAddresses reached = plan.AddressesOf(validator);
        return new GenesisValidator(
            string.Create(CultureInfo.InvariantCulture, $"validator-{validator}"),
            [.. consensus.PublicKey.Span],
            [.. identity.PublicKey.Span],
            TlsPin.Of(tls.PublicKey.Span),
            reached.Peers,
            reached.Clients,
            reached.Http);
    }

    private static void Place(string staging, string target)
    {
        if (Directory.Exists(target))
        {
            // Empty when it was looked at; if somebody filled it since, this fails and nothing of theirs is lost.
            Directory.Delete(target, recursive: false);
        }

        Directory.Move(staging, target);
    }
}
