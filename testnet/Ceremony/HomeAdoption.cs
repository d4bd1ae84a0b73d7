using System.Collections.Immutable;
using System.Globalization;
using Bft.Crypto.Files;
using Bft.Crypto.KeyStore;
using Bft.Crypto.Tls;
using Bft.Engine;
using Bft.Testnet.Homes;
using Bft.Testnet.KeyGeneration;
using Bft.Testnet.Node;

namespace Bft.Testnet.Ceremony;

/// <summary>
/// Makes a validator's home in a chain of a generated key, out of its present home and on its own machine: the share becomes the consensus key, identity and TLS key stay. Nothing secret leaves
/// the machine, and nothing is believed of the genesis that this home's own state does not say of the key.
/// </summary>
internal static class HomeAdoption
{
    /// <summary>Makes the home.</summary>
    /// <param name="present">The present home.</param>
    /// <param name="genesisFile">The genesis of the new chain.</param>
    /// <param name="directory">The home to make, missing or empty; null for <c>node-I</c> beside genesis.</param>
    /// <param name="passphrase">Where the passphrase of the new key store comes from; null to generate one in the new home.</param>
    /// <param name="cost">The work of the key derivation.</param>
    /// <returns>The home, and this validator's number in the new chain.</returns>
    /// <exception cref="CeremonyException">The genesis is not of the key that this home has a share of.</exception>
    /// <exception cref="HomeException">Something is missing or cannot be read or written.</exception>
    public static (HomeLayout Home, int Validator, Genesis Genesis) Run(NodeSettings present, string genesisFile, string? directory, PassphraseSource? passphrase, KeyDerivationCost cost)
    {
        string keys = VotingMarks.KeyDirectory(present), published = Path.Combine(keys, PublishedKey.FileName);
        genesisFile = Path.GetFullPath(genesisFile);
        Genesis genesis = GenesisFile.Read(genesisFile);
        PublishedKey key = PublishedKey.Read(published);
        int place = PlaceIn(genesis, genesisFile, key, published, present);
        string mark = Path.Combine(keys, $"adopted-{genesis.ChainId.ToString()[..16]}.mark");
        if (File.Exists(mark))
        {
            throw new CeremonyException(
                "the share of this home was taken to a home of that chain already: two homes with one key would contradict each other", mark, "use that home; only if it never ran and is gone, remove this mark");
        }

        HomeLayout home = HomeLayout.At(directory ?? DataLayout.At(Path.GetDirectoryName(genesisFile)!).Home(place).Root);
        using Opened all = Secrets(present, key);
        RequireKeyOf(genesis.Validators[place], all, genesisFile);
        KeyCeremony.Whole(home.Root, staging =>
        {
            Fill(HomeLayout.At(staging), home, present, genesis, genesisFile, place, all, passphrase, cost);

            // Before the home is there: a crash may cost the operator a look at the mark, but never gives two homes.
            DurableFile.Write(mark, System.Text.Encoding.UTF8.GetBytes($"The share was taken to {home.Root}, for chain {genesis.ChainId}.\n"), overwrite: false);
            return place;
        });
        return (home, place, genesis);
    }

    // Whoever made the genesis might have chosen commitments of his own through the keys of up to q - 1 honest shares: so all of them are compared with what this home's chain agreed on.
    private static int PlaceIn(Genesis genesis, string genesisFile, PublishedKey key, string published, NodeSettings present)
    {
        if (key.ChainId != present.Genesis.ChainId)
        {
            throw new CeremonyException($"the shared key was made on chain {key.ChainId}, and this home is of chain {present.Genesis.ChainId}", published, "name the home of that chain");
        }

        if (genesis.Scheme != SharedKeyCeremony.Scheme)
        {
            throw new CeremonyException($"certificates of this chain are \"{genesis.Scheme}\", not \"{SharedKeyCeremony.Scheme}\"", genesisFile, "name the genesis that \"bft init --shared-key\" made");
        }

        if (genesis.Commitments.Length != key.Commitments.Length || !genesis.Commitments.Zip(key.Commitments).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second.AsSpan())))
        {
            throw new CeremonyException("the key of this genesis is not the key that this home's chain made last", genesisFile, $"make the genesis from the present key ({published}), and find out who made this one from what");
        }

        if (!genesis.Validators.Select(validator => Convert.ToHexString(validator.IdentityKey.AsSpan())).SequenceEqual(key.Members.Select(member => Convert.ToHexString(member.IdentityKey.AsSpan()))))
        {
            throw new CeremonyException("the validators of this genesis are not the members of the shared key, in their order", genesisFile, "make the genesis with \"bft init --shared-key\"");
        }

        try
        {
            _ = genesis.CreateScheme();
        }
        catch (GenesisException exception)
        {
            throw new CeremonyException(exception.Message.TrimEnd('.'), genesisFile, "make the genesis with \"bft init --shared-key\"");
        }

        for (int i = 0; i < genesis.Validators.Length; i++)
        {
            if (genesis.Validators[i].IdentityKey.AsSpan().SequenceEqual(present.Self.IdentityKey.AsSpan()))
            {
                return i;
            }
        }

        throw new CeremonyException("this home is no member of the shared key", published, "name the home of a member");
    }

    private static Opened Secrets(NodeSettings present, PublishedKey key)
    {
        string store = present.Home.Resolve(present.Config.Keys), shares = Path.Combine(VotingMarks.KeyDirectory(present), SharedKeyStore.SharesName);
        string passphrase = present.Config.Passphrase.Read(present.Home), name = SharedKeyStore.NameOf(key.Generation);
        try
        {
            ImmutableArray<SecretKey> own = KeyStoreFile.Open(store, passphrase);
            ImmutableArray<SecretKey> held = File.Exists(shares) ? KeyStoreFile.Open(shares, passphrase) : [];
            var opened = new Opened([.. own, .. held]);
            try
            {
                opened.Identity = opened.Find(ValidatorKeys.IdentityPurpose, store);
                opened.Tls = opened.Find(TlsCertificate.KeyPurpose, store);
                SecretKey share = held.FirstOrDefault(one => one.Purpose == name)
                    ?? throw new CeremonyException("this home holds no share of the key", shares, "share it anew, with \"bft keygen --reshare\", and make the genesis from that");
                opened.Share = new SecretKey(ValidatorKeys.ConsensusPurpose, share.Scheme, share.PublicKey.Span, share.Seed);
                return opened;
            }
            catch
            {
                opened.Dispose();
                throw;
            }
        }
        catch (KeyStoreException exception)
        {
            throw new HomeException(exception.Message.TrimEnd('.'), store, "name the right passphrase in config.json, or restore the key stores", exception);
        }
    }

    private static void RequireKeyOf(GenesisValidator self, Opened keys, string genesisFile)
    {
        if (!keys.Share!.PublicKey.Span.SequenceEqual(self.ConsensusKey.AsSpan()) || TlsPin.Of(keys.Tls!.PublicKey.Span) != self.TlsPin)
        {
            throw new CeremonyException("share or TLS key of this home are not those the genesis names for it", genesisFile, "make the genesis with \"bft init --shared-key\" from the present key and the present genesis");
        }
    }

    private static void Fill(
        HomeLayout staging, HomeLayout home, NodeSettings present, Genesis genesis, string genesisFile, int place, Opened keys, PassphraseSource? passphrase, KeyDerivationCost cost)
    {
        PassphraseSource source = passphrase ?? KeyCeremony.OwnPassphrase(staging);
        var config = new NodeConfig
        {
            Validator = place,
            ChainId = genesis.ChainId,
            Genesis = Path.GetRelativePath(home.Root, genesisFile),
            Listen = BindingsOf(genesis.Validators[place]),
            Passphrase = source,
            ClientTls = !(Address.TryParse(genesis.Validators[place].ClientAddress, out Address clients) && clients.IsLoopback),
            IdleInterval = present.Config.IdleInterval,
            ViewTimeout = present.Config.ViewTimeout,
            SharedVerification = present.Config.SharedVerification,
            CatchUpBlocksPerSecond = present.Config.CatchUpBlocksPerSecond,
        };
        config.Write(staging);
        HomeFile.Write(staging.Resolve(config.Certificate), HomeFile.Read(present.Home.Resolve(present.Config.Certificate), 64 << 10, "restore the certificate"));
        try
        {
            KeyStoreFile.Write(staging.Resolve(config.Keys), [keys.Share!, keys.Identity!, keys.Tls!], source.Read(staging), cost);
        }
        catch (KeyStoreException exception)
        {
            throw new HomeException(exception.Message.TrimEnd('.'), home.Root, "check the directory, its permissions and the free space", exception);
        }

        // What would not start is not handed over.
        using ValidatorKeys opened = ValidatorKeys.Open(new NodeSettings(staging, config, genesis));
    }

    private static ListenAddresses BindingsOf(GenesisValidator validator) => new(Binding(validator.ClientAddress), Binding(validator.PeerAddress), Binding(validator.HttpAddress));

    private static string Binding(string reached) => Address.TryParse(reached, out Address address)
        ? (address with { Host = CeremonyPlan.BindingOf(address.Host) }).ToString()
        : throw new CeremonyException(string.Create(CultureInfo.InvariantCulture, $"\"{reached}\" is not host:port"), "genesis.json", "correct the address at all validators alike");

    private sealed class Opened(ImmutableArray<SecretKey> all) : IDisposable
    {
        public SecretKey? Share { get; set; }

        public SecretKey? Identity { get; set; }

        public SecretKey? Tls { get; set; }

        public SecretKey Find(string purpose, string store) => all.FirstOrDefault(key => key.Purpose == purpose)
            ?? throw new HomeException($"the key store holds no \"{purpose}\" key", store, "restore the key store of this validator");

        public void Dispose()
        {
            Share?.Dispose();
            foreach (SecretKey key in all)
            {
                key.Dispose();
            }
        }
    }
}
